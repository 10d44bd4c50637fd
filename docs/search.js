// The list of pages shows the one that is open, wherever it stands in it.
(function () {
  const side = document.querySelector(".side"), here = side && side.querySelector("[aria-current]");
  if (here) side.scrollTop = Math.max(0, here.offsetTop - side.offsetTop - side.clientHeight / 3);
})();

// Search over the sections of the site. The index is loaded when the field is first used; nothing leaves the machine.
(function () {
  const field = document.getElementById("search"), list = document.getElementById("found");
  field.hidden = false;
  let sections = null, chosen = -1;

  function load(then) {
    if (sections) return then();
    const script = document.createElement("script");
    script.src = "search_index.js";
    script.onload = function () {
      sections = window.SECTIONS.map(s => ({title: s[0], heading: s[1], url: s[2], words: s[3],
        head: (s[0] + " " + s[1]).toLowerCase(), body: s[3].toLowerCase()}));
      then();
    };
    document.head.appendChild(script);
  }

  function score(section, terms) {
    let total = 0;
    for (const term of terms) {
      const inHead = section.head.indexOf(term), inBody = section.body.indexOf(term);
      if (inHead < 0 && inBody < 0) return 0;
      if (section.heading.toLowerCase() === term) total += 40;
      if (inHead >= 0) total += 10 + (inHead === 0 || /\W/.test(section.head[inHead - 1]) ? 10 : 0);
      if (inBody >= 0) total += 2 + Math.min(3, section.body.split(term).length - 1);
    }
    return total;
  }

  function around(words, term) {
    const at = words.toLowerCase().indexOf(term), from = at > 40 ? words.indexOf(" ", at - 40) + 1 : 0;
    return (from ? "… " : "") + words.slice(from, from + 130) + (from + 130 < words.length ? " …" : "");
  }

  function show() {
    const terms = field.value.toLowerCase().split(/\s+/).filter(t => t.length > 1);
    list.replaceChildren();
    chosen = -1;
    list.hidden = !terms.length;
    if (!terms.length) return;
    const hits = sections.map(s => [score(s, terms), s]).filter(h => h[0] > 0).sort((a, b) => b[0] - a[0]).slice(0, 12);
    for (const [, section] of hits) {
      const entry = document.createElement("a"), head = document.createElement("b"), words = document.createElement("span");
      entry.href = section.url;
      head.textContent = section.heading === section.title ? section.title : section.title + " › " + section.heading;
      words.textContent = around(section.words, terms[0]);
      entry.append(head, words);
      entry.addEventListener("click", close);
      list.append(entry);
    }
    if (!hits.length) list.textContent = "Nothing found.";
  }

  function close() { list.hidden = true; field.blur(); }

  field.addEventListener("focus", () => load(() => {}));
  field.addEventListener("input", () => load(show));
  field.addEventListener("keydown", event => {
    const entries = list.querySelectorAll("a");
    if (event.key === "Escape") return close();
    if (event.key === "Enter" && entries.length) { location.href = entries[Math.max(chosen, 0)].href; return close(); }
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step || !entries.length) return;
    event.preventDefault();
    chosen = (chosen + step + entries.length) % entries.length;
    entries.forEach((entry, number) => entry.classList.toggle("chosen", number === chosen));
    entries[chosen].scrollIntoView({block: "nearest"});
  });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) { event.preventDefault(); field.focus(); }
  });
  document.addEventListener("click", event => { if (!event.target.closest(".searching")) list.hidden = true; });
})();
