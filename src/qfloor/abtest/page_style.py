"""How the report of a session looks: light and dark, on a phone and on paper. Only CSS."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ink:#1d2127;--dim:#59616c;--line:#d8dce1;--card:#f6f7f9;
--page:#fff;--ref:#c2540a;--rou:#1f5f8b;--no:#c6cbd2;--bad:#7b5aa6;--good:#1c7a4a;--warn:#9a5b00;
--goodbg:#e9f5ee;--warnbg:#fdf3e1}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--dim:#a3abb6;--line:#3a4049;--card:#22262c;
--page:#16191d;--ref:#ff9d57;--rou:#74b6e4;--no:#565d68;--bad:#b99be0;--good:#5fcf95;
--warn:#f0b45a;--goodbg:#17301f;--warnbg:#33270f}}
*{box-sizing:border-box}
body{font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;color:var(--ink);
background:var(--page);max-width:920px;margin:0 auto;padding:1.5rem 1rem 4rem;
overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2.4rem 0 .6rem}
p{margin:.4rem 0}.dim{color:var(--dim);font-size:.9rem}
.claim{border-left:5px solid var(--good);background:var(--goodbg);padding:.8rem 1rem;
border-radius:0 8px 8px 0;margin:1rem 0}.claim.refused{border-color:var(--warn);
background:var(--warnbg)}.claim b{display:block}.claim ul{margin:.3rem 0 0;padding-left:1.2rem}
.claim .said{font-size:1.05rem}
.struck{color:var(--dim)}.warn{color:var(--warn)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:.8rem;
margin:1.2rem 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.7rem .9rem}
.card .big{font-size:1.55rem;font-weight:650;line-height:1.25}.card .what{font-size:.92rem}
.stack{display:flex;height:2.2rem;border-radius:6px;overflow:hidden;border:1px solid var(--line)}
.stack i{display:block;min-width:0}
.key{display:flex;flex-wrap:wrap;gap:.3rem 1.3rem;margin:.6rem 0;padding:0;list-style:none}
.key i{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.45em}
.line{display:grid;grid-template-columns:8.5rem minmax(0,1fr) 11.5rem;gap:.9rem;
align-items:center;margin:.35rem 0}
.track{position:relative;height:1.5rem;background:var(--card);border-radius:4px}
.track i{position:absolute;display:block}
.track .bar{height:4px;top:calc(50% - 2px);background:var(--ref);border-radius:2px}
.track .dot{width:12px;height:12px;top:calc(50% - 6px);margin-left:-6px;border-radius:50%;
background:var(--page);border:3px solid var(--ref)}
.track .zero,.track .limit{top:0;bottom:0;width:0;border-left:1px solid var(--dim)}
.track .limit{border-left:2px dashed var(--warn)}
.line .num{font-variant-numeric:tabular-nums;font-size:.9rem;text-align:right}
.hist{display:flex;align-items:flex-end;height:170px;gap:2px;border-bottom:1px solid var(--dim);
position:relative}
.hist .col{flex:1;display:flex;flex-direction:column;justify-content:flex-end;height:100%}
.hist .col i{display:block}.axis{display:flex;gap:2px;font-size:.75rem;color:var(--dim)}
.axis span{flex:1;text-align:left;white-space:nowrap;overflow:visible;min-width:0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{padding:.35rem 0 .35rem .9rem;text-align:right;border-bottom:1px solid var(--line);
overflow-wrap:normal;font-variant-numeric:tabular-nums;white-space:nowrap}
th{font-weight:600;color:var(--dim);white-space:normal;vertical-align:bottom}
th:first-child,td:first-child,td.words,th.words{text-align:left;white-space:normal}
th:first-child,td:first-child{padding-left:0;min-width:6.5rem}td.words{min-width:12rem}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--dim)}
.fill-ref{background:var(--ref)}.fill-rou{background:var(--rou)}.fill-no{background:var(--no)}
.fill-bad{background:var(--bad)}
@media(max-width:560px){.line{grid-template:"name num" auto "track track" auto/minmax(0,1fr) auto;
gap:.15rem .6rem;margin:.7rem 0}.line .name{grid-area:name}.line .num{grid-area:num}
.line .track{grid-area:track}body{padding-top:1rem}h1{font-size:1.35rem}}
@media print{:root{color-scheme:light;--page:#fff;--ink:#000;--dim:#444;--card:#f4f4f4;
--line:#bbb;--ref:#c2540a;--rou:#1f5f8b;--no:#c6cbd2;--bad:#7b5aa6;--goodbg:#fff;--warnbg:#fff;
--good:#1c7a4a;--warn:#9a5b00}
body{max-width:none;padding:0;font-size:11pt}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.wide{overflow:visible}table{font-size:8.5pt}th,td{padding-left:.5rem}
h2{break-after:avoid}.claim,.card,.hist,.stack,table{break-inside:avoid}
details::details-content{content-visibility:visible;block-size:auto}}
"""
