// Numbers as people read them, in a table of Markdown.

/** The quarters of some numbers. */
export function quartiles(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}

/** Microseconds; with the quartiles around them, if there are any. */
export function micros(median, low, high) {
  const text = (number) => (number < 100 ? number.toFixed(1) : Math.round(number).toString());
  return low === undefined || low === high ? text(median) : `${text(median)} (${text(low)}–${text(high)})`;
}

/** Bytes in thousands. */
export function bytes(number) {
  return `${(number / 1000).toFixed(1)} KB`;
}

/** Prints a table; `heads` are names of columns, or stacks, beside the first of which the others stand. */
export function table(title, rows, heads) {
  const names = heads.map((head) => head.name ?? head);
  const ratios = heads[0].name ? names.slice(1).map((name) => `${name} ÷ ${names[0]}`) : [];
  const all = [["", ...names, ...ratios], ...rows];
  const widths = all[0].map((_, column) => Math.max(3, ...all.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  console.log(`\n${title}\n\n${[line(all[0]), rule, ...rows.map(line)].join("\n")}`);
}
