"""The dashboard's one style sheet: light and dark, wide and narrow."""

from __future__ import annotations

CSS = """
:root{color-scheme:light dark;--ink:#1c2126;--soft:#5c6670;--line:#dfe3e7;--page:#f6f7f8;
--card:#fff;--accent:#0b6e4f;--other:#b9c2ca;--warn:#9a4a00;--c0:#0b6e4f;--c1:#3d7ea6;--c2:#b5651d;
--c3:#7a5195;--c4:#8a8f3c;--c5:#a63d57;--c6:#6b7785}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebee;--soft:#a0aab4;--line:#333b43;--page:#14181c;
--card:#1d2329;--accent:#4fc59a;--other:#55616c;--warn:#f0a35e;--c0:#4fc59a;--c1:#74b3d8;--c2:#e0a066;
--c3:#b394cc;--c4:#c5ca6e;--c5:#e0849a;--c6:#98a4b1}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1180px;margin:0 auto;padding:20px 16px 48px}
header{display:flex;flex-wrap:wrap;gap:4px 20px;align-items:baseline;margin-bottom:16px}
h1{font-size:20px;margin:0}h2{font-size:15px;margin:0 0 10px}
a{color:var(--accent);overflow-wrap:normal;white-space:nowrap}
.soft{color:var(--soft)}.warn{color:var(--warn)}small{font-size:13px}
.tiles{display:grid;grid-template-columns:repeat(6,1fr);gap:12px}
@media (max-width:1000px){.tiles{grid-template-columns:repeat(3,1fr)}}
@media (max-width:480px){.tiles{grid-template-columns:repeat(2,1fr)}}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;
min-width:0;overflow-wrap:anywhere}
.tile b{display:block;font-size:24px;line-height:1.2;font-variant-numeric:tabular-nums}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:12px;
margin-top:12px}
.wide{margin-top:12px}
table{border-collapse:collapse;width:100%;font-size:14px}
th{font-weight:600;text-align:left;color:var(--soft);font-size:13px}
th,td{padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th.n{text-align:right}
.mix{margin:0 0 12px}.mix div.name{display:flex;justify-content:space-between;gap:8px}
.bar{display:flex;height:14px;border-radius:4px;overflow:hidden;background:var(--line);margin:3px 0}
.bar i{display:block}
.when{display:flex;justify-content:space-between;border-top:1px solid var(--line);
font-size:12px;color:var(--soft)}
.key{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:13px;color:var(--soft)}
.key i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
svg{width:100%;height:120px;display:block}
.tag{display:inline-block;border:1px solid var(--line);border-radius:99px;padding:0 8px;
font-size:12px;white-space:nowrap}
.tag.bad{border-color:var(--warn);color:var(--warn)}
.tag.good{border-color:var(--accent);color:var(--accent)}
dl{display:grid;grid-template-columns:minmax(110px,max-content) 1fr;gap:4px 16px;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:13px;margin:0}
@media (max-width:720px){
table.cards thead{display:none}
table.cards,table.cards tbody,table.cards tr,table.cards td{display:block;width:100%}
table.cards tr{border-bottom:1px solid var(--line);padding:8px 0;display:grid;
grid-template-columns:1fr 1fr;gap:1px 14px}
table.cards td.whole{grid-column:1/-1}
table.cards tr:last-child{border-bottom:0}
table.cards td{border:0;padding:1px 0;text-align:left;white-space:normal;display:flex;gap:8px}
table.cards td::before{content:attr(data-name);color:var(--soft);flex:0 0 66px;font-size:13px}
.two{grid-template-columns:1fr}
}
"""
