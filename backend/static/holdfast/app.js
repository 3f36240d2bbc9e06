// What pages need beyond htmx: an honest word when nothing was sent, a list that refreshes
// without taking away what a person is typing, and the keyboard's place in it.
"use strict";

(function () {
  const problem = document.createElement("div");
  problem.className = "problem";
  problem.setAttribute("role", "alert");
  document.body.append(problem);
  const said = document.getElementById("notice");

  function tell(kind) {
    problem.textContent = said ? said.dataset[kind] || "" : "";
  }

  function isPoll(event) {
    return event.detail.elt.matches("[data-poll]") && !event.detail.requestConfig.triggeringEvent;
  }

  // Nothing is sent twice in silence: the form stays as it is, with its id, to be sent again.
  document.body.addEventListener("htmx:sendError", function (event) {
    if (!event.detail.elt.matches("[data-poll]")) tell("notSent");
  });
  document.body.addEventListener("htmx:timeout", function (event) {
    if (!event.detail.elt.matches("[data-poll]")) tell("notSent");
  });
  document.body.addEventListener("htmx:responseError", function (event) {
    if (event.detail.elt.matches("[data-poll], [data-optional]")) return;
    const status = event.detail.xhr.status;
    if (status === 404 || status === 409) {
      tell("movedOn");
      document.body.dispatchEvent(new Event("worklist-changed"));
    } else {
      tell("notSaved");
    }
  });
  document.body.addEventListener("htmx:beforeRequest", function (event) {
    const typing = document.activeElement && document.activeElement.closest(".panel form");
    if (typing && isPoll(event)) {
      event.preventDefault();
      return;
    }
    if (!event.detail.elt.matches("[data-poll]")) problem.textContent = "";
  });

  // A refresh keeps folded parts open and the keyboard near where it was.
  let open = [];
  let place = -1;
  document.body.addEventListener("submit", function (event) {
    const row = event.target.closest("ul.rows > li");
    if (row) place = Array.from(document.querySelectorAll("ul.rows > li")).indexOf(row);
  });
  document.body.addEventListener("htmx:beforeSwap", function (event) {
    if (!event.detail.target.matches("[data-poll]")) return;
    open = Array.from(event.detail.target.querySelectorAll("details[id][open]"), (each) => each.id);
  });
  document.body.addEventListener("htmx:afterSettle", function (event) {
    open.forEach(function (id) {
      const found = document.getElementById(id);
      if (found) found.open = true;
    });
    const panel = event.detail.target.matches(".panel") && event.detail.target.querySelector("select, input:not([type=hidden])");
    if (panel) panel.focus();
    if (place >= 0 && event.target.matches("[data-poll]")) {
      const links = document.querySelectorAll("ul.rows > li .row-head a");
      const next = links[Math.min(place, links.length - 1)] || document.getElementById("main");
      if (document.activeElement === document.body) next.focus();
      place = -1;
    }
    if (event.detail.target.id === "own" || event.detail.elt.id === "own") {
      document.getElementById("main").scrollIntoView();
    }
  });

  // "Not now" closes a form without a request.
  document.body.addEventListener("click", function (event) {
    const away = event.target.closest("[data-away]");
    if (!away || !away.closest(".panel")) return;
    event.preventDefault();
    const panel = away.closest(".panel");
    const row = panel.closest("li");
    panel.replaceChildren();
    const link = row && row.querySelector(".row-head a");
    if (link) link.focus();
  });

  // The patient's time of day moves on while the page is open, by the clock of the server.
  const served = document.querySelector("[data-now]");
  const skew = served ? Number(served.dataset.now) * 1000 - Date.now() : 0;
  function clocks() {
    document.querySelectorAll("[data-zone]").forEach(function (each) {
      each.textContent = new Intl.DateTimeFormat("en-US", {
        timeZone: each.dataset.zone, hour: "numeric", minute: "2-digit",
      }).format(new Date(Date.now() + skew));
    });
  }
  if (served) setInterval(clocks, 30000);
})();
