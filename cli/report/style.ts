/** Light and dark by what the reader's system asks for; on paper always light. Each pair of text and ground has a contrast of 4.5 or more. */
export const pageStyle = `
:root { --ground: #fff; --text: #1b1d21; --faint: #565b64; --line: #c9ccd3; --soft: #f1f2f5; --link: #0b57a4;
  --kept: #dff1e3; --kept-text: #11471f; --broken: #fadbd7; --broken-text: #7a150b; --none: #e9eaee; --none-text: #3d4149;
  --usual: #1f6fb5; --budget: #9cc3e6; }
@media (prefers-color-scheme: dark) { :root { --ground: #16181c; --text: #e6e8ec; --faint: #a9afba; --line: #454a54; --soft: #22252b; --link: #8fc1f2;
  --kept: #163d22; --kept-text: #bdebc9; --broken: #5c1710; --broken-text: #ffd2cb; --none: #2b2e35; --none-text: #cfd3da;
  --usual: #6db1ec; --budget: #2f5f8a; } }
@media print { :root { --ground: #fff; --text: #000; --faint: #444; --line: #999; --soft: #fff; --link: #000;
  --kept: #dff1e3; --kept-text: #11471f; --broken: #fadbd7; --broken-text: #7a150b; --none: #eee; --none-text: #222; --usual: #1f6fb5; --budget: #9cc3e6; } }
* { box-sizing: border-box; }
html { background: var(--ground); color: var(--text); font: 15px/1.45 system-ui, sans-serif; }
body { max-width: 84em; margin: 0 auto; padding: 1em; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.7em; } h2 { margin: 2em 0 .4em; font-size: 1.3em; border-bottom: 1px solid var(--line); }
h3 { margin: 1.2em 0 .3em; font-size: 1.05em; } h4 { margin: .6em 0 .2em; font-size: 1em; font-weight: 600; }
p { margin: .4em 0; } a { color: var(--link); } small { color: var(--faint); font-size: .87em; }
code { font: .87em ui-monospace, monospace; }
nav ul { display: flex; flex-wrap: wrap; gap: .3em 1.2em; margin: .6em 0; padding: 0; list-style: none; }
.skip { position: absolute; left: -99em; } .skip:focus { position: static; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.scrolled { overflow: auto; margin: .6em 0; }
table { border-collapse: collapse; overflow-wrap: break-word; } caption { text-align: left; color: var(--faint); padding-bottom: .3em; }
th, td { border: 1px solid var(--line); padding: .25em .5em; text-align: left; vertical-align: top; }
thead th { background: var(--soft); } th { font-weight: 600; }
.kept { background: var(--kept); color: var(--kept-text); } .broken { background: var(--broken); color: var(--broken-text); }
.unpromised, .gone { background: var(--none); color: var(--none-text); }
.legend span { display: inline-block; padding: .1em .5em; margin: .1em .2em .1em 0; border: 1px solid var(--line); }
.heat { font-size: .93em; } .heat td { min-width: 5.2em; position: relative; } .heat summary { white-space: nowrap; cursor: pointer; }
.scrolled:has(> .heat) { max-height: 85vh; } .heat thead th { position: sticky; top: 0; z-index: 2; } .heat tbody th { position: sticky; left: 0; background: var(--ground); max-width: 14em; z-index: 1; }
.heat td.safe::before { content: "–"; color: var(--faint); }
.heat details[open] { width: 20em; max-width: 70vw; } .kept small, .broken small, .unpromised small, .gone small { color: inherit; }
.night { width: 100%; } .night td, .night th { white-space: nowrap; } .night td:last-child { white-space: normal; min-width: 12em; }
.night .bar { width: 45%; min-width: 16em; padding: 0; } .bar svg { display: block; width: 100%; height: 1.9em; }
.axis { display: flex; } .axis span { flex: 1 1 0; font-weight: 400; font-size: .87em; padding-left: .2em; border-left: 1px solid var(--line); }
.hour { stroke: var(--line); stroke-width: 1px; vector-effect: non-scaling-stroke; fill: none; }
.usual { fill: var(--usual); } .budget { fill: var(--budget); stroke: var(--usual); vector-effect: non-scaling-stroke; } .all { fill: var(--none); }
.stores { list-style: none; padding: 0; } .stores li { display: grid; grid-template-columns: minmax(9em, 16em) minmax(6em, 1fr) 12em; gap: .8em; align-items: center; margin: .3em 0; }
.stores svg { width: 100%; height: 1.1em; }
.slider input { width: min(100%, 40em); display: block; accent-color: var(--usual); }
#whatif td:nth-child(2) { white-space: nowrap; } .try label { margin-right: .6em; } .try select { max-width: 100%; } .tried td { background: var(--none); color: var(--none-text); }
input[type=search], input[type=number], select, button { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--faint); padding: .2em .4em; }
.findings { list-style: none; padding: 0; } .findings li { border-left: 4px solid var(--line); padding-left: .8em; margin: .8em 0; }
.findings .error { border-color: var(--broken-text); } .findings li li { border: 0; padding: 0; margin: .3em 0; } .findings h3 { margin: 0; }
.error > h3 .sign { background: var(--broken); color: var(--broken-text); } .sign { padding: 0 .4em; background: var(--none); color: var(--none-text); }
.mark { padding: 0 .4em; white-space: nowrap; } .says { padding-left: 1.2em; }
.way { list-style: none; padding: 0; margin: .3em 0; display: flex; flex-wrap: wrap; gap: .3em .8em; }
.way + .way { border-top: 1px dotted var(--line); padding-top: .3em; } .way li { border-left: 2px solid var(--usual); padding-left: .5em; } .heat .way { display: block; }
.service { content-visibility: auto; contain-intrinsic-size: auto 8em; break-inside: avoid; }
@media (max-width: 40em) { html { font-size: 14px; } body { padding: .6em; } .stores li { grid-template-columns: 1fr; gap: .1em; margin: .7em 0; } .heat tbody th { max-width: 8em; } .night th { white-space: normal; max-width: 7em; } .night .bar { min-width: 11em; max-width: none; } }
@media print { html { font-size: 9pt; } body { max-width: none; padding: 0; } nav, .skip, .slider, .filter, .try { display: none; }
  .scrolled, .scrolled:has(> .heat) { overflow: visible; max-height: none; } .heat { font-size: .82em; } .heat td { min-width: 0; } .heat summary { white-space: normal; list-style: none; } .heat tbody th, .heat thead th { position: static; }
  .night .bar { min-width: 0; } .night td, .night th { white-space: normal; } tr, li { break-inside: avoid; } h2, h3 { break-after: avoid; } thead { display: table-header-group; }
  .kept, .broken, .unpromised, .gone, .sign, .mark, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; } .service { content-visibility: visible; } }
`;
