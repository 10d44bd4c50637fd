// What docs/making/browser.py wants to know about a page, besides the facts of paper_figures/making/page_facts.js.
(() => {
  // A parameter of the reference may be called **values.
  const words = [], walker = document.createTreeWalker(document.querySelector('[role=main]'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest('pre, code, svg, math, .sig, dd strong')) words.push(walker.currentNode.textContent);
  }
  const shown = element => element.getClientRects().length > 0;
  const inside = element => element.closest('pre, .grok-theory, .table-wrapper, .formula, .drawing, math, .headerlink, .copybtn');
  return {
    // Marks that Markdown or a formula would have turned into something else.
    raw: words.filter(w => /\$|\\[a-z]{2,}|```|\*\*|\]\(|^\s*\|\s.*\s\|\s*$/.test(w)).map(w => w.trim().slice(0, 60)),
    formulas: document.querySelectorAll('math').length,
    empty: [...document.querySelectorAll('math')].filter(s => shown(s) && s.getBoundingClientRect().width < 2).length,
    wide: [...document.querySelectorAll('[role=main] *')].filter(e => shown(e) && !inside(e) && e.getBoundingClientRect().right > innerWidth + 1)
      .map(e => e.tagName + ' ' + e.textContent.trim().slice(0, 50)),
    // Addresses with their anchors, as the browser resolves them.
    links: [...new Set([...document.links].map(a => a.href))],
    anchors: [...document.querySelectorAll('[id]')].map(e => e.id),
    navigation: [...document.querySelectorAll('.sidebar-tree a, .nav-overlay-icon')].some(shown),
  };
})()
