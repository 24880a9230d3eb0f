// What pages do beyond HTML: they follow a run, and the fragment of run_page_url leads to the run.
"use strict";

const run = /^#job\/(\d+)\/run\/(\d+)$/;

function followFragment() {
  const found = run.exec(location.hash);
  if (!found) return;
  const workspace = new URLSearchParams(location.search).get("o");
  const target = `/jobs/${found[1]}/runs/${found[2]}` + (workspace ? `?o=${encodeURIComponent(workspace)}` : "");
  const next = document.querySelector("[data-next]");
  if (next) next.value = target;
  else if (location.pathname === "/") location.replace(target);
}

function isAtEnd(element) {
  return element.scrollTop + element.clientHeight >= element.scrollHeight - 4;
}

function isInUse(part, regions) {
  const active = document.activeElement;
  if (part.contains(active) && !regions.includes(active)) return true;
  const chosen = getSelection();
  return !chosen.isCollapsed && chosen.containsNode(part, true);
}

// Returns whether the part is now as the server has it: what a person writes, presses or selects is left alone.
function renew(part, fresh) {
  if (part.outerHTML === fresh.outerHTML) return true;
  const regions = [...part.querySelectorAll("pre[tabindex], [role=region][tabindex]")];
  if (isInUse(part, regions)) return false;
  const focus = regions.indexOf(document.activeElement);
  const before = [...part.querySelectorAll("pre")].map((pre) => (isAtEnd(pre) ? -1 : pre.scrollTop));
  const open = [...part.querySelectorAll("details")].map((details) => details.open);
  part.replaceChildren(...fresh.childNodes);
  part.querySelectorAll("details").forEach((details, place) => {
    if (place in open) details.open = open[place];
  });
  part.querySelectorAll("pre").forEach((pre, place) => {
    const top = place in before ? before[place] : -1;
    pre.scrollTop = top < 0 ? pre.scrollHeight : top;
  });
  if (focus >= 0) {
    const region = part.querySelectorAll("pre[tabindex], [role=region][tabindex]")[focus];
    if (region) region.focus({ preventScroll: true });
  }
  return true;
}

// Says that the page may be old, or no more that it is.
function sayAway(sentence) {
  const place = document.getElementById("away");
  const since = new Date(heard).toISOString().slice(11, 19);
  const text = sentence && `${sentence} This page shows what it said at ${since} UTC, and goes on when it answers again.`;
  if (place && place.textContent !== text) place.textContent = text;
}

let heard = Date.now();

async function follow() {
  const pause = Number(document.body.dataset.live);
  if (!pause) return;
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
    if (answer.ok) {
      heard = Date.now();
      sayAway("");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (page.body.dataset.whose !== document.body.dataset.whose) { // another window has switched
        location.reload();
        return;
      }
      let isWhole = true;
      for (const fresh of page.querySelectorAll("[data-part]")) {
        const part = document.getElementById(fresh.id);
        if (part) isWhole = renew(part, fresh) && isWhole;
        else { // an attempt or a part that is new
          location.reload();
          return;
        }
      }
      if (isWhole) document.body.dataset.live = page.body.dataset.live || "";
    } else if (answer.status < 500) { // it is gone, or nobody is signed in any more
      location.reload();
      return;
    } else sayAway(`The server answers with the status ${answer.status}.`);
  } catch (error) {
    sayAway("The server does not answer.");
  }
  setTimeout(follow, pause);
}

addEventListener("hashchange", followFragment);
followFragment();
setTimeout(follow, Number(document.body.dataset.live));
