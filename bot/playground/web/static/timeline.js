// The list of messages of the open channel: order, grouping, scrolling, waiting interactions.

import { avatar, byId, h, icon, toast } from "./dom.js";
import { MessageElement, reveal } from "./message.js";

const GROUP_MS = 7 * 60 * 1000;
const NEAR_END_PX = 120;
const ANNOUNCE_AFTER_MS = 1200;
const DID_NOT_RESPOND = "The application did not respond";

export class Timeline {
  constructor(connection, { onReply, me, entries }) {
    this.connection = connection;
    this.onReply = onReply;
    this.me = me;
    this.list = byId("timeline");
    this.messages = new Map();
    this.interactions = new Map();
    this.busy = new Map();
    this.announcing = new Map();
    this.atEnd = true;
    this.use = {
      reply: (view) => this.onReply(view),
      edit: (view, text) => this.ask("edit", { message: view.id, content: text }),
      remove: (view) => this.ask("delete", { message: view.id }),
      press: (view, customId) => this.interact(view, customId, "press", { button: customId }),
      choose: (view, customId, values) => this.interact(view, customId, "select", { menu: customId, values }),
      isBusy: (view, customId) => this.busy.has(`${view.id} ${customId}`),
      jump: (id) => this.jump(id),
      entries,
      apply: (view, entry) => this.interact(view, `menu ${entry}`, "use", { entry }),
    };
    this.newer = byId("newer");
    this.newer.append("Newest messages", icon("down"));
    this.newer.addEventListener("click", () => this.scrollToEnd(true));
    this.list.addEventListener("scroll", () => {
      this.atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_END_PX;
      if (this.atEnd) this.newer.hidden = true;
    });
    new ResizeObserver(() => { if (this.atEnd) this.scrollToEnd(); }).observe(this.list);
    const open = (event) => {
      const spoiler = event.target.closest?.(".spoiler:not(.open)");
      if (!spoiler || (event.type === "keydown" && event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      reveal(spoiler);
    };
    this.list.addEventListener("click", open);
    this.list.addEventListener("keydown", open);
  }

  show(views, title, words) {
    this.messages.clear();
    this.interactions.clear();
    this.busy.clear();
    this.list.replaceChildren(h("li", { class: "beginning" }, h("h2", {}, title), h("p", {}, words)));
    for (const view of views) this.place(view);
    this.newer.hidden = true;
    this.scrollToEnd();
  }

  receive({ message, fresh }) {
    this.place(message);
    if (fresh && message.author.id === this.me().id) this.atEnd = true;
    if (this.atEnd) this.scrollToEnd();
    else if (fresh) this.newer.hidden = false;
    if (message.author.id !== this.me().id && !message.thinking) this.announce(message.id);
  }

  place(view) {
    const known = this.messages.get(view.id);
    if (known) {
      known.update(view, this.isGrouped(view, known.element.previousElementSibling));
      return;
    }
    const made = new MessageElement(view, this.use);
    const next = [...this.messages.values()].find((other) => BigInt(other.view.id) > BigInt(view.id));
    this.list.insertBefore(made.element, next?.element ?? this.list.querySelector(".pending"));
    this.messages.set(view.id, made);
    made.update(view, this.isGrouped(view, made.element.previousElementSibling));
    if (next) next.update(next.view, this.isGrouped(next.view, made.element));
  }

  isGrouped(view, before) {
    const earlier = this.messages.get(before?.dataset?.messageId)?.view;
    return Boolean(earlier) && earlier.author.id === view.author.id && !view.reply && !view.command
      && earlier.ephemeral === view.ephemeral && new Date(view.time) - new Date(earlier.time) < GROUP_MS;
  }

  remove(id) {
    const gone = this.messages.get(id);
    if (!gone) return;
    const next = this.messages.get(gone.element.nextElementSibling?.dataset?.messageId);
    gone.element.remove();
    this.messages.delete(id);
    if (next) next.update(next.view, this.isGrouped(next.view, next.element.previousElementSibling));
  }

  // The entries of the messages' menus have changed.
  refresh() {
    for (const each of this.messages.values()) each.update(each.view, each.element.classList.contains("grouped"));
  }

  async ask(op, fields) {
    try {
      return await this.connection.request(op, fields);
    } catch (error) {
      toast(error.message);
      return null;
    }
  }

  async interact(view, customId, op, fields) {
    const key = `${view.id} ${customId}`;
    const refresh = () => {
      const shown = this.messages.get(view.id);
      shown?.update(shown.view, shown.element.classList.contains("grouped"));
      if (this.atEnd) this.scrollToEnd();
    };
    this.messages.get(view.id)?.fail(null);
    this.busy.set(key, true);
    refresh();
    const answer = await this.ask(op, { message: view.id, ...fields });
    const finish = (state) => {
      this.busy.delete(key);
      if (state === "failed" || state === "refused") this.messages.get(view.id)?.unchoose(customId);
      if (state === "failed") this.messages.get(view.id)?.fail("This interaction failed");
      refresh();
    };
    if (answer) this.await(answer, finish);
    else finish("refused");
  }

  // A command on its way: a row of its own until the bot has acknowledged.
  async run(command, fields) {
    const row = h("li", { class: "message pending" },
      h("div", { class: "above" }, h("div", { class: "reference" }, avatar(this.me()), h("b", {}, this.me().name), " used ", h("span", { class: "mention" }, `/${command}`))),
      h("div", { class: "body" }, h("div", { class: "thinking" }, "Sending the command…")));
    const answer = await this.connection.request("run", fields);
    this.list.append(row);
    this.scrollToEnd();
    this.await(answer, (state) => {
      if (state !== "failed") {
        row.remove();
        return;
      }
      row.classList.add("ephemeral");
      const dismiss = h("button", { type: "button", class: "as-link", onclick: () => row.remove() }, "Dismiss message");
      row.querySelector(".body").replaceChildren(h("p", { class: "failure", role: "alert" }, DID_NOT_RESPOND));
      row.append(h("div", { class: "below" }, h("p", { class: "only-you" }, icon("eye"), "Only you can see this · ", dismiss)));
      this.scrollToEnd();
    });
  }

  await({ interaction, state }, finish) {
    if (state !== "pending") finish(state);
    else this.interactions.set(interaction, finish);
  }

  interaction({ id, state }) {
    if (state === "pending") return;
    this.interactions.get(id)?.(state);
    this.interactions.delete(id);
  }

  jump(id) {
    const target = this.messages.get(id)?.element;
    if (!target) {
      toast("That message is not shown here.");
      return;
    }
    target.scrollIntoView({ block: "center" });
    target.classList.remove("flash");
    requestAnimationFrame(() => target.classList.add("flash"));
  }

  lastOwn() {
    return [...this.messages.values()].reverse().find((each) => each.view.can_edit);
  }

  scrollToEnd(focus = false) {
    const down = () => { this.list.scrollTop = this.list.scrollHeight; };
    down();
    // Once more after layout: the last line may have grown a row of buttons.
    requestAnimationFrame(() => { if (this.atEnd) down(); });
    this.atEnd = true;
    this.newer.hidden = true;
    if (focus) this.list.focus();
  }

  // Read out a message once it has stopped growing, not at each step.
  announce(id) {
    clearTimeout(this.announcing.get(id));
    this.announcing.set(id, setTimeout(() => {
      this.announcing.delete(id);
      const shown = this.messages.get(id);
      if (!shown) return;
      const words = shown.parts.body.innerText.slice(0, 400);
      byId("announcer").replaceChildren(h("p", {}, `${shown.view.author.name}: ${words}`));
    }, ANNOUNCE_AFTER_MS));
  }
}
