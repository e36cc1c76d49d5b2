// The page of `rotator report` in a real browser, headless:
//
//   NODE_MODULES=FOLDER node look.mjs CHROMIUM PAGE [FOLDER FOR PICTURES]
//
// Prints TAP. The browser begins with an empty profile, and each look has a context of its own. The page's own policy is in force, but
// where axe is put into it.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.env.NODE_MODULES, "x.js"));
const { chromium } = require("playwright-core");
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const [, , executablePath, file, pictures] = process.argv;
const url = pathToFileURL(file).href;

let n = 0, bad = 0;
function is(name, findings) {
  n++;
  if (findings.length > 0) bad++;
  console.log(`${findings.length > 0 ? "not ok" : "ok"} ${n} - ${name}`);
  for (const f of findings.slice(0, 20)) console.log(`# ${f}`);
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

// look({width, colorScheme, …}, async (page, seen) => …): seen.requests and seen.complaints fill as the page lives.
async function look(options, what) {
  const { width = 1440, ...more } = options;
  const context = await browser.newContext({ viewport: { width, height: 900 }, timezoneId: "Europe/Berlin", ...more });
  const page = await context.newPage();
  const seen = { requests: [], complaints: [] };
  page.on("request", (r) => seen.requests.push(r.url()));
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && seen.complaints.push(m.text()));
  page.on("pageerror", (e) => seen.complaints.push(String(e)));
  await page.goto(url, { waitUntil: "load" });
  await what(page, seen);
  await context.close();
}

const open_all = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));

// What sticks out of the window, or is cut off in its box without a way to reach it.
const clipped = (page) => page.evaluate(() => {
  const found = [];
  const root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} wide in ${root.clientWidth}`);
  for (const e of document.body.querySelectorAll("*")) {
    if (e.closest(".vh, .skip") || e.closest("svg svg")) continue;
    const box = e.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    if (box.right > root.clientWidth + 1 || box.left < -1)
      found.push(`${e.tagName} ${e.className.baseVal ?? e.className} sticks out: ${e.textContent.slice(0, 40)}`);
    if (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible")
      found.push(`${e.tagName} ${e.className} is cut off: ${e.textContent.slice(0, 40)}`);
  }
  return found;
});

for (const colorScheme of ["light", "dark"])
  for (const width of [360, 1440])
    await look({ width, colorScheme, bypassCSP: true }, async (page) => {
      if (pictures) await page.screenshot({ path: join(pictures, `${colorScheme}-${width}.png`), fullPage: true });
      await open_all(page);
      if (pictures) await page.screenshot({ path: join(pictures, `${colorScheme}-${width}-open.png`), fullPage: true });
      is(`nothing sticks out: ${colorScheme}, ${width} px`, await clipped(page));
      await page.evaluate(axe);
      const result = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      is(`axe finds nothing: ${colorScheme}, ${width} px`,
        result.violations.map((v) => `${v.id}: ${v.help}; ${v.nodes.slice(0, 3).map((x) => x.target + " " + x.failureSummary.replace(/\s+/g, " ")).join(" | ")}`));
    });

await look({}, async (page, seen) => {
  await page.waitForTimeout(200);
  is("nothing is loaded but the page", seen.requests.filter((r) => r !== url));
  is("the console is silent", seen.complaints);
  const zone = await page.textContent("#zone");
  is("times are those of the reader", zone.includes("Europe/Berlin") ? [] : [zone]);
  const time = await page.$eval("td time", (t) => [t.dateTime, t.textContent]);
  const told = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: "Europe/Berlin" }).format(new Date(time[0]));
  is("a time is told by the reader's clock", time[1] === told ? [] : [time.join(" is shown as ")]);
  is("no markup came out of a name or a reason", await page.evaluate(() =>
    [...document.scripts].slice(1).map((s) => `a script: ${s.textContent}`)
      .concat([...document.querySelectorAll("b > b, h3 b")].map((b) => `markup in ${b.parentNode.textContent}`))));
  const reason = await page.evaluate(() => document.body.textContent.includes(`<script>alert("x")</script> & 'so' on`));
  is("a reason is read as it was written", reason ? [] : ["it is not there"]);
  const heads = await page.$$eval("h1,h2,h3", (hs) => hs.map((h) => +h.tagName[1]));
  is("headings go down one by one", heads.flatMap((h, i) => (i > 0 && h > heads[i - 1] + 1 ? [`h${heads[i - 1]} h${h} at ${i}`] : [])));
  is("every picture has a name and a description", await page.$$eval("svg.life", (all) =>
    all.flatMap((s) => ["aria-labelledby", "aria-describedby"].filter((a) => !document.getElementById(s.getAttribute(a))?.textContent.trim()))));

  await open_all(page);
  const controls = await page.$$eval("a[href], summary, button, [tabindex]", (all) => all.map((e, i) => (e.dataset.control = i)).length);
  const reached = new Set(), unmarked = [];
  for (let i = 0; i < controls + 5 && reached.size < controls; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const e = document.activeElement, s = getComputedStyle(e);
      return [e.dataset.control, e.textContent.slice(0, 30), s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2];
    });
    if (at[0] === undefined) continue;
    reached.add(at[0]);
    if (!at[2]) unmarked.push(`${at[1]} does not show that it has the focus`);
  }
  is(`the tab key reaches every control (${controls})`, reached.size === controls && controls > 10 ? [] : [`${reached.size} of ${controls}`]);
  is("the focus can be seen", unmarked);
});

await look({}, async (page) => {
  await page.focus(".target summary");
  const before = await page.$eval(".target", (d) => d.open);
  await page.keyboard.press("Enter");
  is("a target opens and closes by keyboard", (await page.$eval(".target", (d) => d.open)) !== before ? [] : ["it stays"]);
});

await look({ javaScriptEnabled: false, width: 360 }, async (page, seen) => {
  is("without a script: times in UTC, said so", (await page.textContent("#zone")).includes("UTC") && (await page.textContent("td time")).endsWith("UTC") ? [] : ["not so"]);
  is("without a script: the console is silent", seen.complaints);
});

await look({ width: 720, colorScheme: "dark" }, async (page) => {
  await page.emulateMedia({ media: "print" });
  await open_all(page);
  is("in print nothing is cut off", await clipped(page));
  is("in print it is dark on white", await page.evaluate(() => {
    const s = getComputedStyle(document.body);
    return s.backgroundColor === "rgb(255, 255, 255)" && s.color === "rgb(0, 0, 0)" ? [] : [s.color + " on " + s.backgroundColor];
  }));
  if (pictures) await page.pdf({ path: join(pictures, "print.pdf"), format: "A4" });
  if (pictures) await page.screenshot({ path: join(pictures, "print.png"), fullPage: true });
});

await browser.close();
console.log(`1..${n}`);
process.exit(bad > 0 ? 1 : 0);
