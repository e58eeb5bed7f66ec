// Files on their way to the server, shown as chips.

import { bytes, h, icon, iconButton } from "./dom.js";

export class Uploads {
  constructor(limits) {
    this.limits = limits;
    this.element = h("ul", { class: "uploads", "aria-label": "Attachments", hidden: true });
    this.files = [];
  }

  add(fileList) {
    for (const file of fileList) {
      const entry = { file, state: upload(file, this.limits().maxBytes) };
      entry.chip = chip(entry, () => this.remove(entry));
      entry.state.catch((error) => {
        entry.chip.classList.add("failed");
        entry.chip.querySelector("small").textContent = error.message;
      });
      this.files.push(entry);
      this.element.append(entry.chip);
    }
    this.element.hidden = !this.files.length;
  }

  remove(entry) {
    entry.chip.remove();
    this.files = this.files.filter((other) => other !== entry);
    this.element.hidden = !this.files.length;
  }

  clear() {
    for (const entry of [...this.files]) this.remove(entry);
  }

  // The ids of all files; fails with the first one that could not be uploaded.
  ids() {
    return Promise.all(this.files.map((entry) => entry.state));
  }
}

export async function upload(file, maxBytes) {
  if (file.size > maxBytes) throw new Error(`Larger than ${bytes(maxBytes)}`);
  const response = await fetch(`/uploads?name=${encodeURIComponent(file.name)}`, {
    method: "POST",
    headers: { "Content-Type": file.type || "application/octet-stream" },
    body: file,
  });
  const answer = await response.json();
  if (answer.error) throw new Error(answer.error);
  return answer.id;
}

function chip(entry, remove) {
  const { file } = entry;
  let face = icon("file");
  if (file.type.startsWith("image/")) {
    const address = URL.createObjectURL(file);
    face = h("img", { src: address, alt: "", onload: () => URL.revokeObjectURL(address) });
  }
  return h("li", {}, face, h("span", {}, h("b", {}, file.name), h("small", {}, bytes(file.size))), iconButton("close", `Remove ${file.name}`, remove));
}
