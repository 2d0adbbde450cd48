/**
 * The sheet covers the lower end of small screens, but must not cover the focused element: the page's
 * scroll-padding has its height, and the focused element is scrolled into view when the sheet grows.
 */

import { element } from './page.js';

const root = document.documentElement;
const sheet = element('sheet');

function measure() {
    const isAbove = getComputedStyle(sheet).position === 'fixed';
    const heights = [...sheet.children].map((part) => part.getBoundingClientRect().height);
    const height = isAbove ? heights.reduce((sum, one) => sum + one, 0) : 0;
    root.style.setProperty('--sheet', `${height}px`);
    const focused = document.activeElement;
    if (isAbove && focused?.matches(':focus-visible') && !sheet.contains(focused))
        focused.scrollIntoView({ block: 'nearest' });
}

const observer = new ResizeObserver(measure);
for (const part of sheet.children) observer.observe(part);
