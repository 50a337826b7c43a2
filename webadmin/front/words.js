// Words for people come with the page, in its language, inside <template> elements; no sentence stands in this code.
export function word(kind, key) {
  const found = document.querySelector(`template[data-words="${kind}"]`)?.content.querySelector(`[data-word="${CSS.escape(key)}"]`);
  return found ? found.textContent.trim() : key;
}

export function sign(key) {
  const found = document.querySelector('template[data-words="state"]')?.content.querySelector(`[data-word="${CSS.escape(key)}"]`);
  return found?.dataset.sign ?? "";
}

export function say(kind, key, values) {
  return word(kind, key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

export function show(element, shown) {
  if (element && element.hidden === shown) element.hidden = !shown;
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours ? `${two(hours)}:${rest}` : rest;
}
