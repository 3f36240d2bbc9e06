// Asks the browser for a subscription and hands it to the form. Without it the form is not shown.
"use strict";

(function () {
  const form = document.getElementById("wake-here");
  if (!form || !("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return;
  const refused = document.getElementById("wake-refused");
  form.hidden = false;

  function bytes(text) {
    const padded = (text + "===".slice((text.length + 3) % 4)).replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
  }

  form.addEventListener("submit", async function (event) {
    if (form.elements.address.value) return;
    event.preventDefault();
    try {
      if ((await Notification.requestPermission()) !== "granted") throw new Error("refused");
      const worker = await navigator.serviceWorker.register("/sw.js");
      const made = await worker.pushManager.subscribe({
        userVisibleOnly: true,
        applicationServerKey: bytes(form.dataset.key),
      });
      const given = made.toJSON();
      form.elements.address.value = given.endpoint;
      form.elements.p256dh.value = given.keys.p256dh;
      form.elements.auth.value = given.keys.auth;
      form.submit();
    } catch (error) {
      refused.hidden = false;
    }
  });
})();
