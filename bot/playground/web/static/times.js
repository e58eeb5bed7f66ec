// Times in the reader's own zone and words.

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const long = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

export function when(date) {
  const today = new Date().toDateString() === date.toDateString();
  return today ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`;
}

export const time = (date) => clock.format(date);
export const inFull = (date) => long.format(date);

// Discord's <t:…:R> and its relatives, which the server leaves to the reader's clock.
export function writeTimes(element) {
  for (const mark of element.querySelectorAll("time[data-style]")) {
    const date = new Date(mark.dateTime);
    mark.title = inFull(date);
    mark.textContent = mark.dataset.style === "R" ? ago(date) : new Intl.DateTimeFormat(undefined, STYLES[mark.dataset.style]).format(date);
  }
}

function ago(date) {
  const seconds = (date - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return relative.format(Math.round(seconds / size), unit);
}
