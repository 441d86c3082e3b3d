/**
 * What the page does beyond being read: the day of the retention table, and the search among services. All of what it shows is set as text. It is
 * plain JavaScript of a browser, and the page's policy lets no other script run.
 */
export const pageScript = `"use strict";
(() => {
  const byId = id => document.getElementById(id);
  const slider = byId("day"), data = byId("keptdata");
  if (slider && data) {
    const { minutes, days, groups } = JSON.parse(data.textContent);
    const rows = [...byId("generations").tBodies[0].rows];
    const clock = ([minute, , , ahead]) => new Date((minute + ahead) * 60000).toISOString().slice(0, 16).replace("T", " ");
    const age = minutes => {
      const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
      const two = (large, one, small, other) => small === 0 ? large + one : large + one + " " + small + other;
      return hours === 0 ? rest + " min" : hours < 72 ? two(hours, " h", rest, " min") : two(Math.floor(hours / 24), " d", hours % 24, " h");
    };
    const show = () => {
      const day = Number(slider.value);
      const text = kept => kept === undefined ? "–" : clock(kept) + ", " + age(minutes[day] - kept[0]) + " old";
      byId("dayname").textContent = days[day];
      slider.setAttribute("aria-valuetext", byId("dayname").textContent);
      rows.forEach((row, index) => {
        const there = groups[index].filter(([, first, last]) => first <= day && day <= last);
        row.cells[2].textContent = there.length;
        row.cells[3].textContent = text(there.at(-1));
        row.cells[4].textContent = text(there[0]);
      });
    };
    slider.parentElement.hidden = false;
    slider.addEventListener("input", show);
    show();
  }
  const find = byId("find");
  if (find) {
    const rows = [...document.querySelectorAll("table.heat tbody tr")].map(row => [row.cells[0].textContent, row]);
    const sections = [...document.querySelectorAll("section.service")].map(part => [part.dataset.service, part]);
    find.closest("p").hidden = false;
    find.addEventListener("input", () => {
      const word = find.value.trim().toLowerCase();
      const set = list => list.filter(([name, part]) => !(part.hidden = !name.toLowerCase().includes(word))).length;
      const count = set(rows);
      set(sections);
      byId("found").textContent = word === "" ? "" : count + " of " + rows.length;
    });
  }
})();
`;
