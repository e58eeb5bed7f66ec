// Puts the page together: who you are, which channel is open, and where news goes.

import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { avatar, byId, h, icon, toast } from "./dom.js";
import { showModal } from "./modal.js";
import { Timeline } from "./timeline.js";

const TYPING_SHOWN_MS = 10000;
const connection = new Connection();
const MESSAGE_MENU = 3;
const state = { welcome: null, channel: null, unread: new Set(), typing: new Map(), entries: [], forms: new Set() };

const world = {
  people: () => [state.welcome.bot, ...state.welcome.people],
  channels: () => state.welcome.channels.filter((channel) => !channel.direct),
  roles: () => state.welcome.roles,
  bot: () => state.welcome.bot,
  maxBytes: () => state.welcome.max_file_bytes,
};

const timeline = new Timeline(connection, {
  onReply: (view) => composer.replyTo(view), me: () => state.welcome.me, entries: () => state.entries,
});
const composer = new Composer(world, {
  send: (fields) => connection.request("send", { channel: state.channel.id, ...fields }),
  run: (command, options) => timeline.run(command, { channel: state.channel.id, command, options }),
  autocomplete: async (command, options, focused) => {
    const answer = await connection.request("autocomplete", { channel: state.channel.id, command, options, focused });
    return answer.choices;
  },
  typing: () => connection.request("type", { channel: state.channel.id }).catch(() => {}),
  editLast: () => timeline.lastOwn()?.startEdit(),
});

function showPlaces() {
  const entry = (channel) => {
    const current = channel.id === state.channel?.id;
    const unread = state.unread.has(channel.id);
    return h("li", {}, h("button", {
      type: "button", class: unread ? "place unread" : "place", "aria-current": current ? "page" : undefined,
      onclick: () => open(channel),
    }, channel.direct ? avatar(state.welcome.bot) : icon("hash"), h("span", {}, channel.name), unread ? h("span", { class: "unseen" }, "(new messages)") : null));
  };
  const { channels } = state.welcome;
  byId("channels").replaceChildren(...channels.filter((channel) => !channel.direct).map(entry));
  byId("directs").replaceChildren(...channels.filter((channel) => channel.direct).map(entry));
}

function showPeople() {
  const { people, me } = state.welcome;
  const choose = (person) => {
    if (person.id === me.id) return;
    sessionStorage.setItem("person", person.id);
    connection.person = person.id;
    connection.request("become", { person: person.id }).catch((error) => toast(error.message));
  };
  byId("people").replaceChildren(...people.map((person, index) => h("button", {
    type: "button", role: "radio", class: "person", "aria-checked": String(person.id === me.id), tabindex: person.id === me.id ? "0" : "-1",
    onclick: () => choose(person),
    onkeydown: (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      choose(people.at((index + step) % people.length));
      byId("people").dataset.refocus = "yes";
    },
  }, avatar(person), h("span", {}, h("b", {}, person.name), h("small", {}, person.role === "admin" ? "Admin" : "Member")))));
  if (byId("people").dataset.refocus) {
    delete byId("people").dataset.refocus;
    byId("people").querySelector("[aria-checked=true]").focus();
  }
}

async function open(channel) {
  state.channel = channel;
  state.unread.delete(channel.id);
  state.typing.clear();
  sessionStorage.setItem("channel", channel.id);
  toggleSidebar(false);
  showPlaces();
  showTyping();
  byId("place-icon").replaceChildren(channel.direct ? avatar(state.welcome.bot) : icon("hash"));
  byId("title").textContent = channel.name;
  byId("topic").textContent = channel.direct ? "" : channel.topic;
  document.title = `${channel.direct ? "@" : "#"}${channel.name} · Liaocord playground`;
  composer.open(channel);
  try {
    const answer = await connection.request("open", { channel: channel.id });
    if (state.channel !== channel) return;
    setCommands(answer.commands);
    const bot = state.welcome.bot.name;
    const words = channel.direct
      ? `This is the beginning of your talk with ${bot}. Just write: no mention is needed here.`
      : `This is the beginning of #${channel.name}. Write @${bot} and a question, or type / to see the commands.`;
    timeline.show(answer.messages, channel.direct ? channel.name : `# ${channel.name}`, words);
  } catch (error) {
    toast(error.message);
  }
}

function setCommands(commands) {
  state.entries = commands.filter((command) => command.type === MESSAGE_MENU).map((command) => command.name);
  composer.setCommands(commands);
}

function showTyping() {
  const names = [...state.typing.values()].map((entry) => entry.name);
  const line = byId("typing");
  if (!state.welcome.online) line.replaceChildren(`${state.welcome.bot.name} is not here yet…`);
  else if (!names.length) line.replaceChildren();
  else line.replaceChildren(h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), h("b", {}, names.join(", ")), names.length === 1 ? " is typing…" : " are typing…");
}

function stopTyping(id) {
  clearTimeout(state.typing.get(id)?.timer);
  if (state.typing.delete(id)) showTyping();
}

function toggleSidebar(shown) {
  byId("app").classList.toggle("with-sidebar", shown);
  byId("menu").setAttribute("aria-expanded", String(shown));
  byId("shade").hidden = !shown;
}

connection.on("welcome", (news) => {
  state.welcome = news;
  byId("server").textContent = news.server;
  byId("app").classList.remove("lost");
  showPeople();
  const wanted = sessionStorage.getItem("channel");
  const fitting = news.channels.find((channel) => channel.id === wanted);
  // A DM belongs to one person; someone else comes in by the first channel.
  open(fitting ?? news.channels.find((channel) => !channel.direct) ?? news.channels[0]);
});
connection.on("message", (news) => {
  if (news.message.channel !== state.channel?.id) return;
  if (news.fresh) stopTyping(news.message.author.id);
  timeline.receive(news);
});
connection.on("gone", ({ id }) => timeline.remove(id));
connection.on("unread", ({ channel }) => { state.unread.add(channel); showPlaces(); });
connection.on("interaction", (news) => {
  timeline.interaction(news);
  if (!news.form || state.forms.has(news.id)) return;
  state.forms.add(news.id);
  showModal(news.form, (values) => connection.request("submit", { interaction: news.id, values }));
});
connection.on("typing", ({ id, name }) => {
  clearTimeout(state.typing.get(id)?.timer);
  state.typing.set(id, { name, timer: setTimeout(() => stopTyping(id), TYPING_SHOWN_MS) });
  showTyping();
});
connection.on("online", ({ online }) => { state.welcome.online = online; showTyping(); });
connection.on("commands", ({ commands }) => { setCommands(commands); timeline.refresh(); });
connection.on("channels", ({ channels }) => { state.welcome.channels = channels; showPlaces(); });
connection.on("lost", () => byId("app").classList.add("lost"));

byId("menu").append(icon("menu"));
byId("menu").addEventListener("click", () => toggleSidebar(!byId("app").classList.contains("with-sidebar")));
byId("shade").addEventListener("click", () => toggleSidebar(false));
byId("lightbox").addEventListener("click", (event) => { if (event.target === event.currentTarget) event.currentTarget.close(); });

let dragging = 0;
const drop = (shown) => { byId("drop").hidden = !shown; };
addEventListener("dragenter", (event) => { if (event.dataTransfer.types.includes("Files")) { dragging += 1; drop(true); } });
addEventListener("dragleave", (event) => { if (event.dataTransfer.types.includes("Files")) { dragging -= 1; drop(dragging > 0); } });
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  dragging = 0;
  drop(false);
  composer.attach(event.dataTransfer.files);
});

const about = await (await fetch("/about")).json();
byId("banner").textContent = about.banner;
byId("banner").classList.toggle("offline", about.offline);
connection.connect(sessionStorage.getItem("person"));
