// What the theme leaves out for the keyboard and for screen readers: it adds these elements after the page has loaded.
"use strict";

function complete() {
  for (const table of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) table.tabIndex = 0;
  for (const buttons of document.querySelectorAll("nav.md-code__nav:not([role])")) buttons.setAttribute("role", "presentation");
}

new MutationObserver(complete).observe(document.body, { childList: true, subtree: true });
complete();
