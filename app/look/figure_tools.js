// The row of icons of each figure, and what they do; run once, when the document is there. A figure takes part by its
// class "tooled"; "tooled-small" has room for one icon only. figure_export.js makes the files.

const ICONS = {
  PanTool: ["Move the picture by dragging", "M12 3v18M3 12h18M12 3L9.500 5.500M12 3l2.500 2.500M12 21l-2.500-2.500M12 21l2.500-2.500M3 12l2.500-2.500M3 12l2.500 2.500M21 12l-2.500-2.500M21 12l-2.500 2.500"],
  BoxZoomTool: ["Zoom into a box", "M4 4h3M10 4h4M17 4v3M4 7v4M4 14v3h3M10 17h2M17 10v2M15 15l6 6M15 21v-6h6"],
  WheelZoomTool: ["Zoom with the wheel", "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M15 15l6 6M7 10h6M10 7v6"],
  BoxSelectTool: ["Select by a box", "M4 4h4M11 4h3M17 4h3v4M20 11v3M20 17v3h-4M13 20h-3M7 20H4v-4M4 13v-3M9 12l2.500 2.500L16 9"],
  LassoSelectTool: ["Select by a lasso", "M12 4c5 0 8 2.500 8 5.500S17 15 12 15s-8-2-8-5.500S7 4 12 4M7 14c-1.500 2 0 3.500 2 3.500s2 2 1 3.500"],
  PolySelectTool: ["Select by a polygon", "M5 9l7-5 8 6-3 9H8z"],
  reset: ["Back to the whole picture", "M4 12a8 8 0 1 0 2.500-5.800M4 4v5h5"],
  lock: ["Keep these axes while settings change", "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3"],
  pin: ["Pin this run as A, to compare with", "M5 20L12 4l7 16M7.500 14.500h9"],
  expand: ["Whole screen", "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"],
  save: ["Save picture or numbers", "M12 4v11M8 11l4 4 4-4M5 20h14"],
}
const LARGER = 1.4 // letters on the whole screen
const STYLE = `
:host { position: absolute; z-index: 5; bottom: 100%; left: 0; right: 0; color: inherit; container-type: inline-size; pointer-events: none; }
:host(.small) { top: 0; bottom: auto; }
.strip { display: flex; justify-content: flex-end; gap: 1px; height: 24px; }
button { pointer-events: auto; display: inline-grid; place-items: center; width: 25px; height: 24px; padding: 0; border: 0; border-radius: 4px; background: none; color: inherit;
  opacity: 0.72; cursor: pointer; }
button:hover { opacity: 1; background: color-mix(in srgb, currentColor 12%, transparent); }
button:focus-visible { opacity: 1; outline: 2px solid var(--panel-primary-color, #1f4e79); outline-offset: -2px; }
button[aria-pressed=true] { opacity: 1; color: var(--panel-primary-color, #1f4e79); background: color-mix(in srgb, currentColor 18%, transparent); }
svg { width: 16px; height: 16px; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }
.space { width: 6px; }
@media (pointer: coarse) { .strip { height: 28px; } button { width: 31px; height: 28px; } }
@container (max-width: 205px) { .strip :not([data-tool=save]):not([data-tool=expand]):not([data-tool=lock]):not(svg):not(path) { display: none; } }
@media print { :host { display: none; } }
`

const element = (tag, attributes, ...children) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) { made.setAttribute(name, value) }
  made.append(...children)
  return made
}
const drawn = (path) => {
  const [svg, line] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag))
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  line.setAttribute("d", path)
  svg.append(line)
  return svg
}
const viewOf = (fig) => Bokeh.index.find_one_by_id(fig.id)
const rows = new Set() // of the figures that are there: what tells each of them to look again

// The axes stay as they are while settings change, so that the eye can compare; again: they follow the data.
const lock = (fig) => {
  if (fig.kept) {
    for (const [range, hold] of fig.kept) {
      range.change.disconnect(hold)
      if ("_initial_start" in range) { Object.assign(range, {_initial_start: null, _initial_end: null}) }
    }
    fig.kept = null
    return
  }
  fig.kept = [fig.x_range, fig.y_range].filter((range) => "start" in range).map((range) => {
    const {start, end} = range
    if ("_initial_start" in range) { Object.assign(range, {_initial_start: start, _initial_end: end}) }
    const hold = () => { if (range.start !== start || range.end !== end) { range.setv({start, end}) } }
    range.change.connect(hold)
    return [range, hold]
  })
}

// The whole screen for one figure with its legend, in larger letters; and back: by the same icon, or by Escape.
const expand = (fig) => {
  if (document.fullscreenElement) {
    document.exitFullscreen()
    return
  }
  const view = viewOf(fig), card = synaptogenTools.cardOf(view)
  const alone = card && synaptogenTools.figuresIn(card).length === 1
  const whole = alone ? card.el : view.el
  const others = (alone ? whole.offsetHeight - view.el.offsetHeight : 32) + 32 // what stands above and below, and a margin
  const {height} = fig
  let smaller = () => {}
  const leave = () => {
    if (document.fullscreenElement) { return }
    document.removeEventListener("fullscreenchange", leave)
    smaller()
    fig.setv({height}, {sync: false})
  }
  whole.requestFullscreen().then(() => {
    smaller = synaptogenTools.enlarge(fig, LARGER)
    fig.setv({height: Math.max(240, window.innerHeight - Math.min(others, window.innerHeight / 3))}, {sync: false})
    document.addEventListener("fullscreenchange", leave)
  })
}

const gestures = (fig) => fig.toolbar.tools.filter((tool) => tool.type in ICONS)

const row = (view) => {
  const fig = view.model, small = fig.css_classes.includes("tooled-small")
  const host = element("div", {class: `figure-tools ${small ? "small" : ""}`}), root = host.attachShadow({mode: "open"})
  const strip = element("div", {class: "strip", role: "toolbar", "aria-label": "Tools of the picture"})
  const looks = []
  const add = (key, act, pressed = null) => {
    const [words, path] = ICONS[key]
    const button = element("button", {type: "button", title: words, "aria-label": words, tabindex: "-1", "data-tool": key}, drawn(path))
    button.addEventListener("click", (event) => { act(button, event) })
    if (pressed) {
      const look = () => { button.setAttribute("aria-pressed", String(pressed())) }
      looks.push(look)
      look()
    }
    strip.append(button)
  }
  if (!small) {
    for (const tool of gestures(fig)) {
      add(tool.type, () => { tool.active = !tool.active; look() }, () => tool.active)
    }
    add("reset", () => viewOf(fig).reset())
    strip.append(element("span", {class: "space"}))
    add("lock", () => { lock(fig); look() }, () => Boolean(fig.kept))
    add("pin", () => window.dispatchEvent(new Event("synaptogen-pin")), () => Boolean(synaptogenTools.caption.pinned))
    add("expand", () => expand(fig))
  }
  add("save", (button) => synaptogenTools.openMenu(fig, button, root))
  const look = () => { for (const each of looks) { each() } }
  for (const tool of gestures(fig)) { tool.properties.active.change.connect(look) }
  // One stop of the Tab key; arrows, Home and End move in it.
  const buttons = [...strip.querySelectorAll("button")]
  buttons.at(-1).tabIndex = 0
  strip.addEventListener("keydown", (event) => {
    const shown = buttons.filter((button) => button.checkVisibility()) // a narrow figure has fewer
    const at = shown.indexOf(root.activeElement)
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1}[event.key]
    if (to === undefined || at < 0) { return }
    event.preventDefault()
    for (const button of buttons) { button.tabIndex = -1 }
    const next = shown.at(to % shown.length)
    next.tabIndex = 0
    next.focus()
  })
  root.append(element("style", {}, STYLE), strip)
  return {host, look, view: new WeakRef(view)}
}

// Cells of a map are square, in any window: borders take what is left over. In a window that is higher than most, the map
// grows, and with it the figure in the card beside it that is tagged "beside a map". An array of more than ATMOST times as
// many rows as columns is drawn wider than it is. Where bars stand along the map, those of the rows take the width that it
// leaves, and those of the columns end where it ends.
const ATMOST = 4, SHARE = 0.42 // of the window's height
const BARS = 90, MAP = 240 // pixels: the least width of the bars of the rows (which stands below them, too), and of the map
const square = (view) => {
  const fig = view.model, {x_range: x, y_range: y, min_border: all} = fig
  const first = {height: fig.height, right: fig.min_border_right ?? all ?? 0, bottom: fig.min_border_bottom ?? all ?? 0}
  let due = false
  const sharing = (range) => [...fig.document.all_models].find((other) => other.type === "Figure" && other !== fig && other[range] === fig[range])
  const rows = sharing("y_range"), columns = sharing("x_range"), at_side = rows?.width
  const beside = () => {
    const card = synaptogenTools.cardOf(view)
    return card?.parent ? synaptogenTools.figuresIn(card.parent).map(({model}) => model).find(({tags}) => tags.includes("beside a map")) : null
  }
  const set = (model, changes) => { // only what differs by a pixel: each change is a layout
    const far = Object.entries(changes).filter(([name, value]) => Math.abs((model[name] ?? 0) - value) > 1)
    if (far.length) { model.setv(Object.fromEntries(far), {sync: false}) }
    return far.length > 0
  }
  const fit = () => {
    due = false
    if (view.is_destroyed || !view.layout || document.fullscreenElement || !view.el.checkVisibility({visibilityProperty: true})) { return }
    const length = ({start, end, reset_start, reset_end}) => Math.abs((reset_end ?? end) - (reset_start ?? start))
    const share = Math.min(Math.max(length(x) / length(y), 1 / ATMOST), ATMOST)
    const left = Math.max(view.left_panel.bbox.width, fig.min_border_left ?? all ?? 0)
    const right = Math.max(view.layout.right_panel.bbox.width && fig.right.length ? view.right_panel.bbox.width : 0, first.right)
    const top = Math.max(view.top_panel.bbox.height, fig.min_border_top ?? all ?? 0)
    const under = view.layout.bottom_panel.children.reduce((sum, child) => sum + child.bbox.height, 0)
    const bottom = Math.max(under, first.bottom)
    const wide = view.bbox.width - left - right
    if (!(wide > 40 && share > 0)) { return }
    if (rows && columns) {
      const all = view.parent.el.clientWidth - left - right, room = all - (all > 2 * MAP ? at_side : BARS)
      const high = Math.min(Math.max(first.height, window.innerHeight / 2) - top - bottom, room / share)
      const width = Math.round(all - Math.min(room, Math.max(high * share, MAP))), height = Math.round(high + top + bottom)
      if (set(rows, {width, min_width: width, height})) { requestAnimationFrame(() => view.invalidate_layout()) }
      set(fig, {height})
      set(columns, {min_border_right: first.right + width - BARS})
      return
    }
    const other = beside(), whole = wide / share + top + bottom
    const height = Math.round(Math.max(other ? first.height : Math.min(first.height, whole), Math.min(whole, SHARE * window.innerHeight)))
    const high = height - top - bottom
    const spare = Math.max(0, Math.round(wide - high * share)), below = Math.max(0, Math.round(high - wide / share))
    set(fig, {height, min_border_right: right + spare, min_border_bottom: bottom + below})
    if (other) {
      other.first_height ??= other.height
      set(other, {height: other.first_height + height - first.height})
    }
  }
  const soon = () => { if (!due) { due = true; requestAnimationFrame(fit) } }
  for (const range of [x, y]) { range.change.connect(soon) }
  view.repainted.connect(soon) // what is beside the frame can have become wider
  new ResizeObserver(soon).observe(view.el)
  window.addEventListener("resize", soon)
}

const equip = (view) => {
  if (!view.model.css_classes?.some((name) => name.startsWith("tooled"))) { return }
  if (!view.figure_tools && view.model.tags.includes("cell map")) { square(view) }
  view.figure_tools ??= row(view)
  rows.add(view.figure_tools)
  view.shadow_el.append(view.figure_tools.host)
}

window.synaptogenTools = {
  ...window.synaptogenTools,
  lock, expand, viewOf,
  // What files say of the run that is shown; `pinned`: whether there is a run A.
  caption: {line: "", file: "synaptogen", pinned: false},
  tell(caption) {
    synaptogenTools.caption = caption
    for (const each of rows) { if (each.view.deref()?.is_destroyed ?? true) { rows.delete(each) } else { each.look() } }
  },
}
const figureView = Bokeh.Models.get("Figure").prototype.default_view.prototype
let owner = figureView
while (!Object.hasOwn(owner, "render")) { owner = Object.getPrototypeOf(owner) }
const render = owner.render
figureView.render = function () {
  render.call(this)
  equip(this)
}
const each = (view) => {
  if (view.model.type === "Figure") { equip(view) } else { for (const child of view.child_views ?? []) { each(child) } }
}
for (const view of Bokeh.index) { each(view) }
window.dispatchEvent(new Event("synaptogen-tools"))
