// Shows the one neutral line when something arrives, and opens the page. Keeps nothing, fetches nothing.
"use strict";

self.addEventListener("push", function (event) {
  const spanish = (self.navigator.language || "").toLowerCase().startsWith("es");
  const line = spanish ? "Tiene una novedad." : "You have an update.";
  // One tag: a later one takes the place of an earlier.
  event.waitUntil(self.registration.showNotification(line, { tag: "update" }));
});

self.addEventListener("notificationclick", function (event) {
  event.notification.close();
  event.waitUntil(self.clients.openWindow("/me/"));
});
