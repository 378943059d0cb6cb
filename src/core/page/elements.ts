import { html, type Html } from './html.ts';

/** Names and what belongs to them. */
export function facts(rows: readonly (readonly [name: string, value: Html | string])[]): Html {
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** A share as a bar. */
export function bar(share: number): Html {
  return html`<span class="bar"><i style="width:${(100 * Math.max(0, Math.min(1, share))).toFixed(1)}%"></i></span>`;
}

/** The first column names the rows; numbers stand to the right. */
export function table(head: readonly (Html | string)[], rows: readonly (readonly (Html | string)[])[]): Html {
  return html`<div class="scroll"><table><thead><tr>${head.map((cell) => html`<th>${cell}</th>`)}</tr></thead><tbody>
${rows.map(([first, ...rest]) => html`<tr><th>${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>
`)}</tbody></table></div>`;
}

/** A drawing and what to see in it; nothing where nothing was drawn. */
export function figure(drawing: Html | undefined, caption: Html | string): Html {
  return drawing === undefined ? html`` : html`<figure>${drawing}<figcaption>${caption}</figcaption></figure>`;
}

/** A number that stands out, and what it is. */
export function tile(value: string, label: string): Html {
  return html`<div class="tile"><b>${value}</b><span>${label}</span></div>`;
}
