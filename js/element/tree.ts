/**
 * A small tree of plain data and the function that writes its differences into the DOM.
 *
 * Text is only ever written as text nodes and attributes, so nothing from the wire can become HTML.
 */

/** One element. `key` keeps a node's identity among its siblings. */
export interface Branch {
  readonly tag: string;
  readonly key: string | undefined;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly children: readonly Tree[];
}
/** An element or a text. */
export type Tree = Branch | string;
/** `false` and `undefined` leave an attribute out; `true` writes it empty. */
export type Attribute = string | number | boolean | undefined;
/** What may be given as a child; `false` and `undefined` stand for nothing. */
export type Child = Tree | false | undefined;

/** Makes an element of the tree. The attribute `key` is not written. */
export function h(tag: string, attributes: Record<string, Attribute> = {}, ...children: Child[]): Branch {
  const { key, ...rest } = attributes;
  return {
    tag,
    key: key === undefined ? undefined : String(key),
    attributes: rest,
    children: children.filter(
      (child): child is Tree => child !== false && child !== undefined && child !== "",
    ),
  };
}

/** Makes the children of `parent` look like `trees`, keeping every node that can be kept. */
export function patch(parent: ParentNode & Node, trees: readonly Tree[]): void {
  const old = [...parent.childNodes];
  let place: ChildNode | null = parent.firstChild;
  for (const tree of trees) {
    const at = old.findIndex((node) => fits(node, tree));
    const node = at < 0 ? create(tree) : (old.splice(at, 1)[0] ?? create(tree));
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    write(node, tree);
  }
  for (const node of old) node.remove();
}

/** Written by others: levels beside the view, opened details and resized fields by people. */
const foreign = /^(data-live.*|open|style)$/;

const keys = new WeakMap<Node, string>();
const svg = "http://www.w3.org/2000/svg";

function fits(node: Node, tree: Tree): boolean {
  if (typeof tree === "string") return node.nodeType === 3;
  return node.nodeType === 1 && (node as Element).localName === tree.tag && keys.get(node) === tree.key;
}

function create(tree: Tree): ChildNode {
  if (typeof tree === "string") return document.createTextNode(tree);
  const drawn = tree.tag === "svg" || tree.tag === "path";
  const node = drawn ? document.createElementNS(svg, tree.tag) : document.createElement(tree.tag);
  if (tree.key !== undefined) keys.set(node, tree.key);
  return node;
}

function write(node: Node, tree: Tree): void {
  if (typeof tree === "string") {
    if (node.nodeValue !== tree) node.nodeValue = tree;
    return;
  }
  const element = node as Element;
  for (const { name } of [...element.attributes]) {
    const value = tree.attributes[name];
    if (!foreign.test(name) && (value === undefined || value === false)) element.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(tree.attributes)) writeAttribute(element, name, value);
  if (tree.tag !== "textarea") patch(element, tree.children);
}

function writeAttribute(element: Element, name: string, value: Attribute): void {
  if (value === undefined || value === false) return;
  const text = value === true ? "" : String(value);
  // What a person has typed lives in the property; the attribute is only its default.
  if (name === "value" && "value" in element) {
    if (element.value !== text) element.value = text;
  } else if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}
