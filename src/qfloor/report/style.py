"""How the report looks: one style sheet for light and dark, wide, narrow and paper.

Colours are told apart by lightness as well as by hue, and nothing is said by colour alone: a
tier stands beside its mark as a word. Knows nothing of what is shown.
"""

from __future__ import annotations

_LIGHT = """
--bg:#fff;--panel:#f5f7f9;--ink:#1c2228;--dim:#59636e;--line:#d5dbe1;--faint:#e9edf1;
--t0:#b9c0c8;--t1:#9ac3df;--t2:#4a90c2;--t3:#174e7b;--bound:#c24e00;--bad:#9c3d54;
--i1:#16324a;--i2:#fff;--i3:#fff;--i0:#1c2228;color-scheme:light;
"""
_DARK = """
--bg:#13171c;--panel:#1b2128;--ink:#e7ebef;--dim:#9eabb8;--line:#36404b;--faint:#262e37;
--t0:#5d6874;--t1:#35617f;--t2:#4f9ccf;--t3:#a9d7f5;--bound:#ff9a4d;--bad:#e58aa0;
--i1:#e7ebef;--i2:#0d1216;--i3:#0d1216;--i0:#e7ebef;color-scheme:dark;
"""

_FLOW = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,
"Segoe UI",Roboto,sans-serif;overflow-wrap:break-word}
main,header,footer{max-width:1180px;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.75rem}h1{font-size:1.6rem;line-height:1.25;margin:0 0 .35rem}
h2{font-size:1.25rem;margin:2.75rem 0 .35rem;padding-top:.9rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .4rem}p{margin:.35rem 0;max-width:46rem}
a{color:inherit}code{font-size:.9em}.dim{color:var(--dim)}.small{font-size:.86rem}
.warn{border-left:4px solid var(--bound);padding:.35rem .8rem;background:var(--panel);
max-width:46rem}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;margin:1rem 0 0;padding:0;
font-size:.92rem}
.facts{display:grid;grid-template-columns:repeat(8,1fr);gap:.7rem;
margin:1.2rem 0}
.fact{background:var(--panel);border-radius:8px;padding:.6rem .8rem}
.fact b{display:block;font-size:1.35rem;line-height:1.2;font-weight:650;white-space:nowrap}
.fact span{color:var(--dim);font-size:.86rem}
footer{color:var(--dim);font-size:.86rem;padding-bottom:2.5rem;margin-top:2.5rem}
"""

_TABLES = """
.scroll{overflow-x:auto;margin:.6rem 0;-webkit-overflow-scrolling:touch}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:.28rem .9rem .28rem 0;text-align:left;vertical-align:top;
border-bottom:1px solid var(--faint)}
thead th{border-bottom:1px solid var(--line);color:var(--dim);font-weight:500;white-space:nowrap}
tbody th{font-weight:500}.n{text-align:right;white-space:nowrap}
td.words{min-width:17rem}.nowrap{white-space:nowrap}td.digest{font-family:ui-monospace,monospace;
font-size:.8rem;overflow-wrap:anywhere}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--dim);font-size:.92rem}
"""

_PLOTS = """
figure{margin:0}.grid{display:grid;gap:1.4rem 2.2rem;margin:.9rem 0;
grid-template-columns:repeat(auto-fit,minmax(min(100%,29rem),1fr))}
.small-grid{display:grid;gap:1.2rem 1.6rem;margin:.9rem 0;
grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr))}
.plot>figcaption{font-weight:600;margin-bottom:.25rem}
.plot>figcaption span{font-weight:400;color:var(--dim);font-size:.86rem;margin-left:.5rem}
.row{display:grid;grid-template-columns:7.5rem 1fr 6.4rem;gap:0 .6rem;align-items:center;
font-size:.88rem}
.row .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.row:nth-child(even):not(.bare){background:var(--panel)}
svg{display:block;overflow:visible}svg text{font:11px system-ui,sans-serif;fill:var(--dim)}
.tier-line{stroke:var(--dim);stroke-width:1;stroke-dasharray:3 3;opacity:.6}
.range{stroke:var(--t0);stroke-width:4}.base{stroke:var(--line);stroke-width:1}
.bound{stroke:var(--bound);stroke-width:3}.dot{fill:var(--bg);stroke:var(--ink);stroke-width:1.8}
.off{stroke:var(--bad);stroke-width:2}.curve{fill:none;stroke:var(--t2);stroke-width:2}
.step{stroke:var(--t2);stroke-width:2}.ink{fill:var(--ink)!important}
.before{fill:var(--bg);stroke:var(--ink);stroke-width:1.8}.after{fill:var(--bound)}
.moved{stroke:var(--bound);stroke-width:2}.still{stroke:var(--t0);stroke-width:2}
.f0{fill:var(--t0)}.f1{fill:var(--t1)}.f2{fill:var(--t2)}.f3{fill:var(--t3)}
.fbad{fill:var(--bad)}.fbound{fill:var(--bound)}
.chip{font-size:.8rem;padding:.05rem .45rem;border-radius:99px;white-space:nowrap;
justify-self:start;background:var(--t0);color:var(--i0)}
.chip.t1{background:var(--t1);color:var(--i1)}.chip.t2{background:var(--t2);color:var(--i2)}
.chip.t3{background:var(--t3);color:var(--i3)}
.chip.none{background:none;color:var(--dim);padding-left:0}
.chip.open{background:none;box-shadow:inset 0 0 0 1.5px var(--bound);color:var(--ink)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;font-size:.86rem;color:var(--dim);
align-items:center;margin:.5rem 0}.legend span{display:inline-flex;gap:.4rem;align-items:center}
.legend svg{flex:none}
.numbered{font-size:.86rem;margin:.4rem 0 0;padding:0;list-style:none;columns:2 12rem;gap:1rem}
.numbered li{break-inside:avoid}.numbered b{display:inline-block;min-width:1.5rem}
.point{stroke:var(--ink);stroke-width:1.4;fill:var(--bg)}.point.front{fill:var(--t3);
stroke:var(--t3)}svg text.in{fill:var(--ink);font-size:10px}svg text.in.front{fill:var(--bg)}
"""

_PICTURES = """
.strip{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:.6rem;margin:.4rem 0 1rem}
.wall{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.6rem,1fr));gap:.6rem;
margin:.4rem 0 1rem}
.shot{border:1px solid var(--line);border-radius:8px;overflow:hidden;background:var(--panel);
break-inside:avoid}
.shot img{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:var(--faint)}
.shot .none{aspect-ratio:1;display:flex;align-items:center;justify-content:center;
text-align:center;color:var(--dim);padding:.6rem;font-size:.85rem}
.shot figcaption{padding:.35rem .55rem .5rem;font-size:.8rem;line-height:1.35}
.shot b{font-size:.95rem}
.asked{display:-webkit-box;-webkit-line-clamp:3;-webkit-box-orient:vertical;overflow:hidden;
color:var(--dim)}
"""

_NARROW = """
@media (max-width:66rem){.facts{grid-template-columns:repeat(4,1fr)}}
@media (max-width:34rem){
body{font-size:15px}main,header,footer{padding:0 .9rem}h1{font-size:1.35rem}
.row{grid-template-columns:5.4rem 1fr 5.9rem;gap:0 .4rem;font-size:.82rem}
.strip,.facts{grid-template-columns:repeat(2,minmax(0,1fr))}
.wall{grid-template-columns:repeat(auto-fill,minmax(7rem,1fr))}
th,td{padding-right:.65rem}
#best table{font-size:.78rem}#best .nowrap{white-space:normal}#best th,#best td{padding-right:.5rem}
}
"""

_PAPER = """
@page{margin:14mm}
@media print{
body{font-size:10.5pt}main,header,footer{max-width:none;padding:0}nav{display:none}
h2{break-after:avoid;margin-top:1.4rem}h3,.plot>figcaption{break-after:avoid}
.plot,.row,tr{break-inside:avoid}.scroll{overflow:visible}table{font-size:7.5pt;max-width:100%}
th,td{padding-right:.45rem}td.words{min-width:0}thead th,.nowrap,.n{white-space:normal}
.chip,.row .small{font-size:7pt}.facts{grid-template-columns:repeat(8,1fr)}
.fact b{font-size:12pt}.fact span,.plot>figcaption span,.legend{font-size:8pt}
.grid{grid-template-columns:1fr 1fr;gap:.8rem 1.2rem}.row{grid-template-columns:4.6rem 1fr 5rem;
font-size:8pt}.wall{grid-template-columns:repeat(6,1fr);gap:.4rem}summary{list-style:none}
.wall figcaption{padding:.2rem .35rem .3rem;font-size:6.5pt;line-height:1.25}
.wall b{font-size:8pt}.wall .asked{-webkit-line-clamp:2}
details.screen{display:none}details::details-content{content-visibility:visible;height:auto;display:block}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
"""

STYLE = (
    f":root{{{_LIGHT}}}@media screen and (prefers-color-scheme:dark){{:root{{{_DARK}}}}}"
    + _FLOW
    + _TABLES
    + _PLOTS
    + _PICTURES
    + _NARROW
    + _PAPER
).replace("\n", "")
"""The whole style sheet. On paper it is always light."""
