/** The page's elements. */

/**
 * An element of index.html.
 * @param {string} id
 */
export const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Sets a text, unless it is the same.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {string} text
 */
export const make = (tag, className = '', text = '') =>
    Object.assign(document.createElement(tag), { className, textContent: text });
