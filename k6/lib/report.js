// The report of a run: a table on the terminal, and SCENARIO.json and SCENARIO.html in OUT.
// The page has no other files.

const out = __ENV.OUT || `${__ENV.RUN_DIR || 'run'}/k6`;

// The text above the figures; the scenario's options fill it in.
export const about = { scenario: 'run', settings: {} };

// ---- k6's counts, sorted ----------------------------------------------------------------------

const latencies = ['min', 'med', 'p(95)', 'p(99)', 'p(99.9)', 'max'];

// "http_reqs{name:checkout,quarter:1}" becomes ["http_reqs", "checkout, quarter 1"].
function split(metric) {
    const [, name, tags = ''] = metric.match(/^([^{]*)(?:\{(.*)\})?$/);
    const label = tags
        .split(',')
        .map((tag) =>
            tag
                .trim()
                .replace(/^name:/, '')
                .replace(':', ' ')
        )
        .join(', ');
    return [name, label];
}

function valuesOf(data, metric) {
    return data.metrics[metric] ? data.metrics[metric].values : {};
}

function durationsOf(data) {
    return Object.keys(data.metrics)
        .sort()
        .map((metric) => [...split(metric), metric])
        .filter(
            ([name, label, metric]) =>
                name === 'http_req_duration' &&
                label !== '' &&
                !metric.includes('expected_response') &&
                valuesOf(data, metric).max > 0
        )
        .map(([, label, metric]) => {
            const tags = metric.slice(metric.indexOf('{'));
            return {
                label,
                count: valuesOf(data, `http_reqs${tags}`).count,
                failed: valuesOf(data, `http_req_failed${tags}`).passes,
                values: valuesOf(data, metric),
            };
        });
}

function thresholdsOf(data) {
    return Object.keys(data.metrics)
        .sort()
        .flatMap((metric) =>
            Object.entries(data.metrics[metric].thresholds || {}).map(([condition, { ok }]) => {
                // The condition starts with the figure: "p(95)<50" or "count==0".
                const figure = condition.match(/^\s*([a-z]+(?:\([0-9.]+\))?)/)[1];
                return { metric, condition, ok, value: valuesOf(data, metric)[figure] };
            })
        );
}

function checksOf(group) {
    return [...group.checks, ...group.groups.flatMap(checksOf)];
}

function outcomesOf(data) {
    return Object.keys(data.metrics)
        .filter((metric) => metric.startsWith('outcome_') && valuesOf(data, metric).count > 0)
        .map((metric) => ({
            label: metric.slice('outcome_'.length),
            count: valuesOf(data, metric).count,
        }))
        .sort((a, b) => b.count - a.count);
}

function sortOut(data) {
    const thresholds = thresholdsOf(data);
    const requests = valuesOf(data, 'http_reqs');
    return {
        scenario: about.scenario,
        settings: about.settings,
        ended_at: new Date().toISOString(),
        duration_s: data.state.testRunDurationMs / 1000,
        passed: thresholds.every(({ ok }) => ok),
        requests: requests.count || 0,
        rate: requests.rate || 0,
        failed: valuesOf(data, 'http_req_failed').passes || 0,
        dropped: valuesOf(data, 'dropped_iterations').count || 0,
        durations: durationsOf(data),
        outcomes: outcomesOf(data),
        thresholds,
        checks: checksOf(data.root_group).map(({ name, passes, fails }) => ({
            name,
            passes,
            fails,
        })),
    };
}

// ---- text -------------------------------------------------------------------------------------

function milliseconds(value) {
    return value === undefined ? '' : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function figure(value) {
    return value === undefined ? 'none' : String(Math.round(value * 1000) / 1000);
}

function result(ok) {
    return ok ? 'passed' : 'FAILED';
}

function columns(rows) {
    const widths = rows[0].map((_, column) =>
        Math.max(...rows.map((row) => String(row[column]).length))
    );
    return rows.map((row) =>
        row
            .map((cell, column) =>
                column === 0
                    ? String(cell).padEnd(widths[0])
                    : String(cell).padStart(widths[column])
            )
            .join('  ')
            .trimEnd()
    );
}

function textOf(run) {
    const lines = [
        '',
        `${run.scenario}: ${result(run.passed)}, ${run.requests} requests in ` +
            `${run.duration_s.toFixed(1)} s (${run.rate.toFixed(1)}/s), ` +
            `${run.failed} failed, ${run.dropped} arrivals dropped`,
        '',
        ...columns([
            ['milliseconds', 'requests', 'failed', ...latencies],
            ...run.durations.map(({ label, count = '', failed = '', values }) => [
                label,
                count,
                failed,
                ...latencies.map((each) => milliseconds(values[each])),
            ]),
        ]),
        '',
        ...columns([
            ['outcome', 'count'],
            ...run.outcomes.map(({ label, count }) => [label, count]),
        ]),
        '',
        ...run.checks
            .filter(({ fails }) => fails > 0)
            .map(
                ({ name, passes, fails }) =>
                    `check failed ${fails} of ${passes + fails} times: ${name}`
            ),
        ...run.thresholds
            .filter(({ ok }) => !ok)
            .map(
                ({ metric, condition, value }) =>
                    `threshold failed: ${metric} ${condition}, was ${figure(value)}`
            ),
        `${out}/${run.scenario}.html`,
        '',
    ];
    return lines.join('\n');
}

// ---- the page ---------------------------------------------------------------------------------

function escape(value) {
    const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
    return String(value).replace(/[&<>"']/g, (character) => entities[character]);
}

function table(head, rows) {
    const cells = (row, tag) => row.map((cell) => `<${tag}>${cell}</${tag}>`).join('');
    const body = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n');
    return `<div class="wide"><table>
<thead><tr>${cells(head, 'th')}</tr></thead>
<tbody>${body}</tbody>
</table></div>`;
}

function mark(ok) {
    return `<span class="${ok ? 'good' : 'bad'}">${ok ? '✓ held' : '✗ broken'}</span>`;
}

// A line from min to max, a bar from the median to p(95), a tick at p(99), on a logarithmic scale.
function range(values, scale) {
    const x = (value) => scale(value).toFixed(1);
    return (
        `<svg class="range" viewBox="0 0 300 20" preserveAspectRatio="none" aria-hidden="true">` +
        `<line x1="${x(values.min)}" x2="${x(values.max)}" y1="10" y2="10"/>` +
        `<rect x="${x(values.med)}" y="4" height="12" rx="2" ` +
        `width="${Math.max(2, scale(values['p(95)']) - scale(values.med)).toFixed(1)}"/>` +
        `<line class="tick" x1="${x(values['p(99)'])}" x2="${x(values['p(99)'])}" ` +
        'y1="2" y2="18"/></svg>'
    );
}

function latencySection(run) {
    if (run.durations.length === 0) {
        return '<p>No request was made.</p>';
    }
    const low = Math.floor(
        Math.log10(Math.max(0.01, Math.min(...run.durations.map(({ values }) => values.min))))
    );
    const high = Math.max(
        low + 1,
        Math.ceil(Math.log10(Math.max(...run.durations.map(({ values }) => values.max))))
    );
    const width = 300;
    const scale = (value) =>
        ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * width;
    const decades = Array.from(
        { length: high - low + 1 },
        (_, each) => `<span>${figure(10 ** (low + each))}</span>`
    );
    return (
        table(
            [
                'request',
                'count',
                'failed',
                ...latencies,
                `<div class="decades">${decades.join('')}</div>`,
            ],
            run.durations.map(({ label, count = '', failed = '', values }) => [
                escape(label),
                count,
                failed,
                ...latencies.map((each) => milliseconds(values[each])),
                range(values, scale),
            ])
        ) +
        '<p class="note">Milliseconds. The line is from min to max, ' +
        'the bar from the median to p(95), the tick p(99).</p>'
    );
}

function outcomeSection(run) {
    const most = Math.max(1, ...run.outcomes.map(({ count }) => count));
    return table(
        ['outcome', 'count', ''],
        run.outcomes.map(({ label, count }) => [
            escape(label),
            count,
            `<div class="bar" style="width:${((100 * count) / most).toFixed(1)}%"></div>`,
        ])
    );
}

const style = `
:root { color-scheme: light dark; --paper: #fdfdfc; --ink: #1d2125; --faint: #5f6872; --line:
  #dfe2e5;
  --bar: #3a6ea5; --tick: #b3541e; --good: #1a7340; --bad: #b3261e; --card: #f3f4f5; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16191c; --ink: #e6e8ea; --faint: #9aa3ad; --line: #343a40;
    --bar: #6fa3d8; --tick: #f0a267; --good: #6fd096; --bad: #ff8a80; --card: #1f2428; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 64rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0; } .note, .where { color: var(--faint); overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
  margin: 1.5rem 0 0; }
dl div { background: var(--card); border-radius: 6px; padding: .6rem .9rem; }
dt { color: var(--faint); font-size: .85rem; } dd { margin: 0; font-size: 1.35rem;
  font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { font-weight: 600; color: var(--faint); font-size: .85rem; vertical-align: bottom; }
th:first-child, td:first-child, .words td, .words th { text-align: left; }
th:last-child, td:last-child { padding-right: 0; width: 40%; text-align: left; }
.words th:last-child, .words td:last-child { width: auto; }
.decades { display: flex; justify-content: space-between; font-weight: 400; }
.range { display: block; width: 100%; height: 1.25rem; }
.range line { stroke: var(--faint); vector-effect: non-scaling-stroke; } .range rect { fill:
  var(--bar); }
.range .tick { stroke: var(--tick); stroke-width: 2; }
.bar { height: .8rem; min-width: 2px; border-radius: 2px; background: var(--bar); }
summary { cursor: pointer; color: var(--faint); }`;

function pageOf(run) {
    const tiles = [
        ['requests', run.requests],
        ['a second', run.rate.toFixed(1)],
        ['seconds', run.duration_s.toFixed(1)],
        ['failed', run.failed],
        ['arrivals dropped', run.dropped],
    ]
        .map(([term, value]) => `<div><dt>${term}</dt><dd>${value}</dd></div>`)
        .join('');
    const thresholds = table(
        ['threshold', 'limit', 'was', ''],
        run.thresholds.map((each) => [
            escape(each.metric),
            escape(each.condition),
            figure(each.value),
            mark(each.ok),
        ])
    );
    const checks = table(
        ['check', 'held', 'broken', ''],
        run.checks.map((each) => [
            escape(each.name),
            each.passes,
            each.fails,
            mark(each.fails === 0),
        ])
    );
    const settings = table(
        ['setting', 'value'],
        Object.entries(run.settings).map((each) => each.map(escape))
    );
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(run.scenario)}: ${result(run.passed)}</title>
<style>${style}
</style>
</head>
<body>
<h1>${escape(run.scenario)}:
<span class="${run.passed ? 'good' : 'bad'}">${result(run.passed)}</span></h1>
<p class="where">${escape(run.settings.BASE_URL)}, ended at ${run.ended_at}</p>
<dl>${tiles}</dl>
<h2>Latency</h2>
${latencySection(run)}
<h2>Answers</h2>
${outcomeSection(run)}
<h2>Thresholds</h2>
<div class="words">${thresholds}</div>
<h2>Checks</h2>
<div class="words">${checks}</div>
<h2>Settings</h2>
<details><summary>settings of the run, and defaults</summary>
<div class="words">${settings}</div></details>
</body>
</html>
`;
}

export function handleSummary(data) {
    const run = sortOut(data);
    return {
        stdout: textOf(run),
        [`${out}/${run.scenario}.json`]: JSON.stringify(
            Object.assign({ k6: data.metrics }, run),
            null,
            2
        ),
        [`${out}/${run.scenario}.html`]: pageOf(run),
    };
}
