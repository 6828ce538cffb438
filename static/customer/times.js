// Moments in the reader's own time zone and language: the time alone when it is today.

const language = document.documentElement.lang;
const spoken = navigator.languages.find((one) => one === language || one.startsWith(`${language}-`)) ?? language;

for (const moment of document.querySelectorAll("time[data-local]")) {
  const when = new Date(moment.dateTime);
  const isToday = when.toDateString() === new Date().toDateString();
  const style = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  moment.textContent = new Intl.DateTimeFormat(spoken || undefined, style).format(when);
}
