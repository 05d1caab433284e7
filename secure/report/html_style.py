"""The look of a report: light and dark by the reader's preference, and fit for paper."""

from __future__ import annotations

# Contrast of every pair of text and background is at least 4.5 : 1 (WCAG 2.2, 1.4.3).
STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --sheet: #ffffff; --ink: #1b2733; --soft: #52606d; --line: #d5dce3;
  --head: #eef2f5; --link: #0b5cad;
  --good-ink: #0b5d34; --good: #ddf3e6; --bad-ink: #98171b; --bad: #fde4e3;
  --warn-ink: #7a4b00; --warn: #fdf0d2; --none-ink: #46535f; --none: #e6ebef;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10161c; --sheet: #182028; --ink: #e4eaf0; --soft: #a3b1bf; --line: #33404c;
    --head: #212c36; --link: #7db8f5;
    --good-ink: #8fe0b2; --good: #14392a; --bad-ink: #ffb3ae; --bad: #4a1b1e;
    --warn-ink: #f6cf7d; --warn: #43330f; --none-ink: #b9c5d0; --none: #2b3742;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.25rem; }
footer { padding-bottom: 3rem; color: var(--soft); font-size: .87rem; }
h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.25; }
h2 { margin: 0 0 1rem; font-size: 1.25rem; overflow-wrap: anywhere; }
h3 { margin: 1.75rem 0 .6rem; font-size: 1.02rem; }
p { margin: .4rem 0; }
a { color: var(--link); }
.soft { color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin: 1rem 0 0; padding: 0;
  list-style: none; }
section { margin: 1.25rem 0; padding: 1.4rem 1.5rem; background: var(--sheet);
  border: 1px solid var(--line); border-radius: .6rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem;
  margin: 1.25rem 0; }
.tile { padding: 1rem 1.2rem; background: var(--sheet); border: 1px solid var(--line);
  border-radius: .6rem; border-left: .35rem solid var(--none-ink); }
.tile.good { border-left-color: var(--good-ink); }
.tile.bad { border-left-color: var(--bad-ink); }
.tile.warn { border-left-color: var(--warn-ink); }
.tile b { display: block; font-size: 1.35rem; line-height: 1.3; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr));
  gap: .55rem 1.75rem; margin: 0; }
dl div.all { grid-column: 1 / -1; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
caption { padding: .2rem 0 .45rem; text-align: left; color: var(--soft); font-size: .85rem; }
th, td { padding: .45rem .65rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); overflow-wrap: break-word; max-width: 19rem; }
thead th { background: var(--head); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; }
tbody tr:last-child > * { border-bottom: 0; }
code { font: .86em/1.45 ui-monospace, "Liberation Mono", "DejaVu Sans Mono", monospace; }
.badge { display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-size: .84rem;
  font-weight: 600; white-space: nowrap; }
.badge.good { color: var(--good-ink); background: var(--good); }
.badge.bad { color: var(--bad-ink); background: var(--bad); }
.badge.warn { color: var(--warn-ink); background: var(--warn); }
.badge.none { color: var(--none-ink); background: var(--none); }
.code { padding: 0 .2rem; border: 1px dashed var(--warn-ink); border-radius: .2rem;
  color: var(--warn-ink); font: .8em ui-monospace, "Liberation Mono", monospace; }
.note { margin: .8rem 0; padding: .6rem .9rem; border-radius: .4rem; background: var(--none);
  color: var(--none-ink); overflow-wrap: anywhere; }
.note.bad { background: var(--bad); color: var(--bad-ink); }
.note.warn { background: var(--warn); color: var(--warn-ink); }
.note.good { background: var(--good); color: var(--good-ink); }
details { margin: .9rem 0; border: 1px solid var(--line); border-radius: .4rem;
  padding: .1rem .9rem; }
details[open] { padding-bottom: .6rem; }
summary { padding: .45rem 0; cursor: pointer; font-weight: 600; }
details caption { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); }
.wide { position: relative; }
@media print {
  :root { color-scheme: light; --page: #fff; --sheet: #fff; --ink: #000; --soft: #444;
    --line: #bbb; --head: #eee; --link: #000;
    --good-ink: #0b5d34; --good: #fff; --bad-ink: #98171b; --bad: #fff;
    --warn-ink: #7a4b00; --warn: #fff; --none-ink: #333; --none: #fff; }
  body { font-size: 10pt; }
  nav { display: none; }
  section, .tile { border-radius: 0; padding: .8rem 0; border-width: 1px 0 0; }
  .tile { padding: .5rem .8rem; border-left-width: .35rem; }
  .badge, .note { border: 1px solid currentColor; }
  .wide { overflow: visible; }
  th, td { padding: .2rem .5rem; max-width: 13rem; }
  table { font-size: 8.5pt; }
  thead, thead tr { break-after: avoid; }
  tr, .tile, .note, dl div { break-inside: avoid; }
  h2, h3, summary, caption { break-after: avoid; }
  details { border: 0; padding: 0; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
"""
