"""Draws the figures of bench.py as one SVG: a row for each case, its ratio against its limit."""

from xml.sax.saxutils import escape

ROW, LEFT, WIDTH, RIGHT = 34, 430, 360, 170


def draw(figures):
    rows = [case for case in figures["cases"] if "ratio" in case]
    top = max([1.0] + [max(c["ratio"]["median"], c["ratio"]["limit"] or 0) for c in rows
                       if c["ratio"]["median"] < 2])
    height = 70 + ROW * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" '
        'font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape('flashsale, measured on ' + figures['date'])}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="16" y="26" font-size="15" font-weight="bold">flashsale, {escape(figures["machine"])}, '
        f'{figures["date"]}</text>',
        '<text x="16" y="46" fill="#555">ratios, medians of '
        f'{figures["rounds"]} rounds; the mark is the limit</text>',
    ]
    for number, case in enumerate(rows):
        ratio = case["ratio"]
        y = 64 + number * ROW
        limit = ratio["limit"]
        is_good = limit is None or (ratio["median"] <= limit if ratio["is_most"]
                                    else ratio["median"] >= limit)
        # Bars end at the end of the scale.
        length = WIDTH * min(ratio["median"] / top, 1)
        parts.append(f'<text x="16" y="{y + 15}">{escape(case["title"])[:64]}</text>'
                     f'<rect x="{LEFT}" y="{y + 2}" width="{length:.1f}" height="18" '
                     f'fill="{"#2f6f8f" if is_good else "#b5543b"}"/>'
                     f'<text x="{LEFT + WIDTH + 12}" y="{y + 15}">{ratio["median"]:.2f}'
                     + (f' ({"max" if ratio["is_most"] else "min"} {limit})' if limit else "")
                     + "</text>")
        if limit and limit <= top:
            x = LEFT + WIDTH * limit / top
            parts.append(f'<path d="M{x:.1f} {y - 2}v26" stroke="#222" stroke-width="2"/>')
    parts.append("</svg>\n")
    return "\n".join(parts)
