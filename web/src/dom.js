// Elements, made without markup: nothing that comes from elsewhere is ever read as HTML.

/** An element. `properties` with a name that begins with `on` are listeners; `null` and `false` leave an attribute out. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const paragraph = (text, properties = {}) => el("p", properties, text);

/** A button that does something on this page. */
export const button = (content, onclick, properties = {}) =>
  el("button", { type: "button", onclick, ...properties }, content);
