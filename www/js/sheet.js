/**
 * The sheet lies above the page on small screens. What has the focus must not be beneath it: the page's
 * scrolling knows its height, and what had the focus before it came is brought out.
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
