// What the browser check wants to know about the page; evaluated by paper_figures/making/browser.py.
(() => {
  const numbers = colour => { const m = colour.match(/[\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
  // Relative luminance and contrast as WCAG 2 defines them.
  const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const luminance = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = numbers(getComputedStyle(element).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return [255, 255, 255, 1];
  };
  const contrast = element => {
    const a = luminance(numbers(getComputedStyle(element).color)), b = luminance(ground(element));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const texts = [...document.querySelectorAll('h1,h2,h3,p,li,summary,th,td,a,.mark,.number')]
    .filter(element => element.textContent.trim());
  const images = [...document.images];
  return {
    width: innerWidth,
    scroll: document.documentElement.scrollWidth,
    height: document.documentElement.scrollHeight,
    dark: matchMedia('(prefers-color-scheme: dark)').matches,
    articles: document.querySelectorAll('article').length,
    pictures: images.length,
    missing: images.filter(image => !image.naturalWidth).map(image => image.src),
    unnamed: images.filter(image => !image.alt).map(image => image.src),
    faint: texts.map(e => [contrast(e), e.className || e.tagName, e.textContent.trim().slice(0, 40)])
      .filter(found => found[0] < 4.5),
    far: [...document.querySelectorAll('body *')]
      .filter(e => !e.closest('pre, .picture') && !e.matches('.skip') && e.getBoundingClientRect().right > innerWidth + 1)
      .map(e => e.tagName + '.' + e.className),
  };
})()
