/** The page's elements. */

/**
 * One that index.html has, by its id.
 * @param {string} id
 */
export const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Touches the page only where something is new.
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
