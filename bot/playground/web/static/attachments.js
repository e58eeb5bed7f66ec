// The files of a message: pictures, texts with their beginning, and anything else as a download.

import { byId, bytes, h, icon, iconButton, toast } from "./dom.js";

const PREVIEW_LINES = 6;
const SHOWN_WHOLE_BYTES = 1024 * 1024;

export function attachment(file) {
  if (file.kind === "image" && file.width) return picture(file);
  return file.preview ? text(file) : download(file);
}

function picture(file) {
  const image = h("img", { src: file.url, alt: file.alt || file.name, width: String(file.width), height: String(file.height), loading: "lazy" });
  const open = () => enlarge(file);
  const frame = h("button", { type: "button", class: "picture", "aria-label": `Enlarge: ${file.alt || file.name}`, title: file.alt || file.name, onclick: open }, image);
  frame.style.setProperty("--shape", file.width / file.height);
  if (file.spoiler) frame.classList.add("covered");
  return frame;
}

function enlarge(file) {
  const box = byId("lightbox");
  const close = () => box.close();
  box.replaceChildren(
    h("img", { src: file.url, alt: file.alt || file.name, onclick: close }),
    h("p", {}, file.alt || file.name, h("small", {}, `${file.width} × ${file.height} · ${bytes(file.bytes)}`),
      h("a", { href: file.url, target: "_blank", rel: "noopener" }, "Open the original")),
    iconButton("close", "Close", close),
  );
  box.showModal();
}

function download(file) {
  return h("a", { class: "file", href: file.url, download: file.name }, icon("file"), named(file));
}

function named(file) {
  return h("span", {}, h("b", {}, file.name), h("small", {}, bytes(file.bytes)));
}

function text(file) {
  const page = h("pre", { class: "page", tabindex: "0", role: "region", "aria-label": `Beginning of ${file.name}` }, file.preview);
  const get = h("a", { class: "icon-button", href: file.url, download: file.name, "aria-label": `Download ${file.name}`, title: `Download ${file.name}` }, icon("download"));
  return h("div", { class: "file document" }, page, h("div", { class: "file-foot" }, icon("file"), named(file), unfolding(file, page), get));
}

// A button that shows the rest, where there is some that the page can hold.
function unfolding(file, page) {
  const isWhole = new Blob([file.preview]).size >= file.bytes;
  if (file.bytes > SHOWN_WHOLE_BYTES || (isWhole && file.preview.trimEnd().split("\n").length <= PREVIEW_LINES)) return null;
  page.classList.add("cut");
  let whole = isWhole ? file.preview : null;
  const button = h("button", { type: "button", class: "as-link", "aria-expanded": "false", onclick: async () => {
    try {
      whole ??= await fetched(file);
    } catch {
      toast("The file could not be loaded.");
      return;
    }
    const open = page.classList.toggle("cut") === false;
    page.textContent = open ? whole : file.preview;
    page.scrollTop = 0;
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? "Show less" : "Show all";
  } }, "Show all");
  return button;
}

async function fetched(file) {
  const response = await fetch(file.url);
  if (!response.ok) throw new Error(response.statusText);
  return response.text();
}
