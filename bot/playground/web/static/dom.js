// Elements without a framework. Text goes in as text; HTML only as the server has rendered it.

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "html") element.innerHTML = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name) {
  const namespace = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(namespace, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(namespace, "use");
  use.setAttribute("href", `#icon-${name}`);
  picture.append(use);
  return picture;
}

export function iconButton(name, label, onclick) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick }, icon(name));
}

export function avatar(person) {
  const initials = person.name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2);
  const circle = h("span", { class: person.bot ? "avatar bot" : "avatar", "aria-hidden": "true" }, initials);
  // Steps of the golden angle keep neighbouring ids far apart in colour.
  circle.style.setProperty("--hue", Number(BigInt(person.id) % 9973n) * 137.5 % 360);
  return circle;
}

// A server's own emoji has a picture that is not here; its name stands for it.
export function emoji(data) {
  if (!data?.name) return null;
  return h("span", { class: "emoji" }, data.id ? `:${data.name}:` : data.name);
}

export const byId = (id) => document.getElementById(id);

export function bytes(count) {
  if (count < 1024) return `${count} B`;
  if (count < 1024 * 1024) return `${(count / 1024).toFixed(1)} kB`;
  return `${(count / 1024 / 1024).toFixed(1)} MB`;
}

let hiding;
export function toast(sentence) {
  const box = byId("toast");
  box.textContent = sentence;
  box.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { box.hidden = true; }, 6000);
}
