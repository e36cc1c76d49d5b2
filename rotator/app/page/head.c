// How a page begins: what it may load, which is nothing; its style and its script; its heading.
//
// The page's Content-Security-Policy allows exactly the style and the script that stand here, by
// their digests, so that even markup that came in where only text should be would load and run
// nothing. The script does no more than to show times by the reader's clock; without it they are in
// UTC, and say so.
#include <string.h>

#include "rotator/app/page/draw.h"
#include "rotator/app/page/html.h"
#include "rotator/app/page/page.h"
#include "rotator/base/text_digest.h"

static const char style[] =
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1d2329;--quiet:#57606a;--line:#d5dae0;"
    "--soft:#f5f7f9;\n"
    "--bad:#a61b1b;--warn:#7a4f00;--info:#1b5a9e;--good:#1c6b3f;--link:#1b5a9e;"
    "--key:#2b6cb0;--old:#7b8794}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#14181c;--fg:#e6e9ec;--quiet:#a4adb6;"
    "--line:#343c44;--soft:#1d2329;\n"
    "--bad:#ff9d94;--warn:#f2c063;--info:#93c0f5;--good:#86d6a6;--link:#93c0f5;"
    "--key:#6aa9ee;--old:#8d99a5}}\n"
    "*{box-sizing:border-box}\n"
    "html{scroll-behavior:auto;-webkit-text-size-adjust:100%}\n"
    "body{margin:0;background:var(--bg);color:var(--fg);"
    "font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\n"
    "main,header{max-width:68rem;margin:0 auto;padding:0 1rem}\n"
    "header{padding-top:2rem}\n"
    "h1{font-size:1.6rem;line-height:1.25;font-weight:600;margin:0 0 .4rem}\n"
    "h2{font-size:1.2rem;font-weight:600;margin:2.6rem 0 .8rem;padding-top:.2rem}\n"
    "h3{font-size:1rem;font-weight:600;margin:0;display:inline}\n"
    "p{margin:.4rem 0}\n"
    ".quiet,.note,header p,.n{color:var(--quiet)}\n"
    ".n{font-weight:400;margin-left:.3em}\n"
    "header p{font-size:.9rem;margin:.1rem 0}\n"
    "a{color:var(--link);text-underline-offset:.15em}\n"
    "a:focus-visible,summary:focus-visible{outline:3px solid var(--link);"
    "outline-offset:2px;border-radius:3px}\n"
    ".skip{position:absolute;left:1rem;top:-4rem;background:var(--bg);"
    "padding:.4rem .8rem;border:1px solid var(--line)}\n"
    ".skip:focus{top:.5rem}\n"
    ".vh{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;"
    "clip-path:inset(50%);white-space:nowrap}\n"
    "code{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}\n"
    "time{white-space:nowrap;overflow-wrap:normal}\n"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}\n"
    "caption{text-align:left;font-weight:600;padding-bottom:.4rem}\n"
    "th{text-align:left;font-weight:400;vertical-align:top}\n"
    "td{vertical-align:top}\n"
    "thead th{color:var(--quiet);font-size:.8rem;padding:.2rem .75rem .2rem 0}\n"
    ".glance{display:grid;align-items:start;gap:2rem 3rem;grid-template-columns:repeat(auto-fit,"
    "minmax(min(100%,24rem),1fr))}.glance .soon{grid-column:1/-1}\n"
    ".chart th,.chart td{padding:.2rem 0}\n"
    ".chart th{width:14rem;max-width:60%}\n"
    ".chart .num{text-align:right;width:4em;padding-right:.8rem;"
    "font-variant-numeric:tabular-nums}\n"
    ".chart .bar svg{display:block;margin-top:.45em}\n"
    ".soon th,.soon td{padding:.25rem .75rem .25rem 0;border-top:1px solid var(--line)}\n"
    ".soon thead th{border-top:0}\n"
    ".target{border:1px solid var(--line);border-left:5px solid var(--line);"
    "border-radius:6px;padding:.1rem 1rem;margin:.8rem 0}\n"
    ".target[open]{padding-bottom:.9rem}\n"
    ".target.bad{border-left-color:var(--bad)}\n"
    ".target.warn{border-left-color:var(--warn)}\n"
    ".target.info{border-left-color:var(--info)}\n"
    ".target.good{border-left-color:var(--good)}\n"
    "summary{cursor:pointer;padding:.55rem 0}\n"
    ".badge{font-size:.8rem;border:1px solid;border-radius:1em;padding:.05em .65em;"
    "margin:0 .35em;white-space:nowrap}\n"
    ".bad>summary .badge{color:var(--bad);font-weight:600}\n"
    ".warn>summary .badge{color:var(--warn)}\n"
    ".info>summary .badge{color:var(--info)}\n"
    ".good>summary .badge{color:var(--good)}\n"
    ".todo{background:var(--soft);border-radius:5px;padding:.5rem .8rem;margin:.6rem 0}\n"
    ".todo p{margin:.15rem 0}\n"
    "dl{display:grid;grid-template-columns:7rem minmax(0,1fr);gap:.3rem .75rem;"
    "margin:.8rem 0;font-size:.9rem}\n"
    "dt{grid-column:1;color:var(--quiet)}\n"
    "dd{grid-column:2;margin:0}\n"
    ".past>summary{font-size:.9rem;padding:.2rem 0}\n"
    ".steps td,.steps th{padding:.3rem .75rem .3rem 0;border-top:1px solid var(--line);"
    "font-size:.85rem}\n"
    ".steps{table-layout:fixed}.steps thead th:first-child{width:9.5rem}\n"
    ".steps thead th:nth-child(2){width:6.5rem}\n"
    ".steps thead th{border-top:0}\n"
    ".group{border-top:1px solid var(--line)}\n"
    ".group:last-child{border-bottom:1px solid var(--line)}\n"
    ".list{table-layout:fixed;margin-bottom:1rem}\n"
    ".list th,.list td{padding:.3rem .75rem .3rem 0;border-top:1px solid var(--line)}\n"
    ".list thead th{border-top:0}\n"
    ".list thead th:first-child{width:30%}\n"
    ".legend{display:grid;gap:.4rem 2rem;grid-template-columns:repeat(auto-fill,"
    "minmax(min(100%,15rem),1fr));\n"
    "list-style:none;margin:.8rem 0 3rem;padding:0;font-size:.9rem}\n"
    ".legend svg{vertical-align:middle;margin-right:.6rem}\n"
    "svg text{font:12px system-ui,sans-serif;fill:var(--quiet)}\n"
    "svg.life{display:block;margin:.8rem 0}\n"
    "svg .grid{stroke:var(--line)}\n"
    "svg line.now{stroke:var(--fg);stroke-width:1.5}\n"
    "svg text.now{fill:var(--fg)}\n"
    "svg .cur{fill:var(--key)}\n"
    "svg .old{fill:var(--old)}\n"
    "svg .new{fill:none;stroke:var(--key);stroke-width:1.5;stroke-dasharray:3 2}\n"
    "svg .dis{fill:none;stroke:var(--old);stroke-width:1.5;stroke-dasharray:2 3}\n"
    "svg .ahead{fill:none;stroke:var(--quiet);stroke-dasharray:4 3}\n"
    "svg .flag{fill:var(--quiet);stroke:var(--quiet);stroke-width:1.5}\n"
    "svg .end{stroke:var(--old);stroke-width:2}\n"
    "svg .ok{fill:var(--bg);stroke:var(--fg);stroke-width:1.5}\n"
    "svg .no{fill:none;stroke:var(--bad);stroke-width:3}\n"
    "svg .use{fill:var(--warn);stroke:var(--bg)}\n"
    "svg .bad{fill:var(--bad)}\n"
    "svg .warn{fill:var(--warn)}\n"
    "svg .info{fill:var(--info)}\n"
    "svg .good{fill:var(--good)}\n"
    "svg .age{fill:var(--key)}\n"
    "@media(max-width:34rem){dl{grid-template-columns:minmax(0,1fr);"
    "gap:0}dd,dt{grid-column:1}dd{margin-bottom:.5rem}\n"
    ".list th,.list td{padding-right:.3rem;font-size:.77rem}.list thead th{font-size:.72rem}\n"
    ".list thead th:first-child{width:26%}.list thead th:nth-child(2){width:17%}\n"
    ".list thead th:nth-child(3){width:21%}.list thead th:nth-child(4){width:13%}\n"
    ".steps td,.steps th{padding-right:.3rem;font-size:.8rem}\n"
    ".steps thead th:first-child{width:5.2rem}.steps thead th:nth-child(2){width:4.8rem}\n"
    "time{white-space:normal}}\n"
    "@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--quiet:#444;--line:#bbb;"
    "--soft:#f5f5f5;\n"
    "--bad:#a61b1b;--warn:#7a4f00;--info:#1b5a9e;--good:#1c6b3f;--link:#000;"
    "--key:#2b6cb0;--old:#7b8794}\n"
    "body{font-size:10pt}main,header{max-width:none;padding:0}.skip{display:none}\n"
    "svg{-webkit-print-color-adjust:exact;print-color-adjust:exact}\n"
    "tr,dl,.todo,svg.life{break-inside:avoid}h2,summary{break-after:avoid}}\n";

static const char script[] =
    "(function(){\n"
    "var zone=Intl.DateTimeFormat().resolvedOptions().timeZone;\n"
    "var both=new Intl.DateTimeFormat('sv-SE',{dateStyle:'short',timeStyle:'short'});\n"
    "var day=new Intl.DateTimeFormat('sv-SE',{dateStyle:'short'});\n"
    "if(!zone)return;\n"
    "document.querySelectorAll('time').forEach(function(t){\n"
    "t.title=t.dateTime;t.textContent=both.format(new Date(t.dateTime));});\n"
    "document.querySelectorAll('text[data-t]').forEach(function(t){\n"
    "var d=new Date(t.getAttribute('data-t'));\n"
    "t.textContent=t.textContent.indexOf(':')<0?day.format(d):both.format(d).slice(5);});\n"
    "document.getElementById('zone').textContent='Times are those of '+zone+',"
    " the time zone of whoever reads this.';\n"
    "var made=document.getElementById('made'),"
    "hours=Math.floor((Date.now()-new Date(made.dateTime))/36e5);\n"
    "if(hours>=1){var note=document.createElement('strong');\n"
    "note.textContent=' ('+(hours<48?hours+' h':Math.floor(hours/24)+' days')+' ago: thin"
    "gs may stand otherwise by now)';\n"
    "made.after(note);}\n"
    "})();\n";

// "sha256-…" in plain base64, as the Content-Security-Policy wants it.
static void put_digest(FILE *f, const char *text) {
  unsigned char sum[TEXT_SHA256_BYTES];
  char base64[2 * sizeof sum];
  text_sha256(sum, text, strlen(text));
  text_base64url(base64, sizeof base64, sum, sizeof sum);
  for (char *c = base64; *c; c++)
    *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
  fprintf(f, "'sha256-%s='", base64);
}

static void put_policy(FILE *f) {
  fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ", f);
  put_digest(f, style);
  fputs("; script-src ", f);
  put_digest(f, script);
  fputs("; base-uri 'none'; form-action 'none'\">\n", f);
}

static void put_heading(FILE *f, const struct page *p) {
  char who[STATE_WHO_MAX], made[32];
  who_asks(who, sizeof who);
  time_text(made, sizeof made, p->now_s);
  html(f,
       "<header><h1>API keys of %zu target%s</h1>\n<p>As rotator knew them on "
       "<time id=\"made\" datetime=\"%s\">%s</time>: from what it keeps, from the sinks, and from "
       "what its runs have seen. Neither IAM nor Cloud Logs was asked.</p>\n",
       p->n, p->n == 1 ? "" : "s", made, made);
  html(f, "<p>Made by rotator %s for %s, from %s.</p>\n", ROTATOR_VERSION, who,
       p->app->config->path);
  fputs("<p id=\"zone\">Times are in UTC.</p>\n", f);
  if (p->app->config->n_broken_files > 0)
    fputs("<p><strong>Of targets.d, something cannot be read: what it holds is not shown here. "
          "<code>rotator check --offline</code> says where.</strong></p>\n",
          f);
  fputs("</header>\n", f);
}

void page_head(FILE *f, const struct page *p) {
  fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n", f);
  put_policy(f);
  fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<meta name=\"robots\" content=\"noindex\">\n<title>rotator report</title>\n<style>",
        f);
  fputs(style, f);
  fputs("</style></head>\n<body><a class=\"skip\" href=\"#todo\">To what is to be done</a>\n", f);
  put_heading(f, p);
  fputs("<main>\n", f);
}

static void legend_item(FILE *f, const char *words) {
  html(f, "%s</li>\n<li>", words);
}

void page_legend(FILE *f) {
  fputs("<section><h2>How to read the time lines</h2>\n<p>A row is a key, named by the end of its "
        "id; time goes from left to right.</p>\n<ul class=\"legend\">\n<li>",
        f);
  draw_sample_span(f, LIFE_NEW);
  legend_item(f, "new: made, not published yet");
  draw_sample_span(f, LIFE_CURRENT);
  legend_item(f, "current: what consumers read");
  draw_sample_span(f, LIFE_OLD);
  legend_item(f, "old: replaced, works until the grace is over");
  draw_sample_span(f, LIFE_DISABLED);
  legend_item(f, "disabled, and deleted at its end");
  draw_sample_mark(f, LIFE_PROVEN);
  legend_item(f, "proven: it took a test log");
  draw_sample_mark(f, LIFE_REFUSED);
  legend_item(f, "refused, or seen dead");
  draw_sample_mark(f, LIFE_USED);
  legend_item(f, "used by others");
  draw_sample_ahead(f);
  fputs("what lies ahead: the flag is where the key is due, or the grace ends</li>\n</ul>"
        "</section>\n<script>",
        f);
  fputs(script, f);
  fputs("</script>\n", f);
}
