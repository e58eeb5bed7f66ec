// The tab's WebSocket: requests with answers, news with listeners, and coming back after a break.

const WAITS_MS = [300, 1000, 2000, 4000];

export class Connection {
  constructor() {
    this.listeners = new Map();
    this.waiting = new Map();
    this.number = 0;
    this.tries = 0;
  }

  on(kind, listener) {
    this.listeners.set(kind, listener);
  }

  connect(person) {
    this.person = person;
    const query = person ? `?person=${encodeURIComponent(person)}` : "";
    this.socket = new WebSocket(`ws://${location.host}/socket${query}`);
    this.socket.addEventListener("open", () => { this.tries = 0; });
    this.socket.addEventListener("message", (event) => this.receive(JSON.parse(event.data)));
    this.socket.addEventListener("close", () => {
      for (const { reject } of this.waiting.values()) reject(new Error("The connection was lost."));
      this.waiting.clear();
      this.tell("lost", {});
      const wait = WAITS_MS[Math.min(this.tries, WAITS_MS.length - 1)];
      this.tries += 1;
      setTimeout(() => this.connect(this.person), wait);
    });
  }

  request(op, fields = {}) {
    return new Promise((resolve, reject) => {
      if (this.socket.readyState !== WebSocket.OPEN) {
        reject(new Error("The playground is not connected."));
        return;
      }
      this.number += 1;
      this.waiting.set(this.number, { resolve, reject });
      this.socket.send(JSON.stringify({ op, re: this.number, ...fields }));
    });
  }

  receive(news) {
    if (news.kind !== "answer") {
      this.tell(news.kind, news);
      return;
    }
    const asker = this.waiting.get(news.re);
    this.waiting.delete(news.re);
    if (!asker) return;
    if (news.error) asker.reject(new Error(news.error));
    else asker.resolve(news);
  }

  tell(kind, news) {
    this.listeners.get(kind)?.(news);
  }
}
