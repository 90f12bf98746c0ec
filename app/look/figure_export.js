// Pictures and their numbers as files; run once, before figure_tools.js. The figure on the page is left alone: a copy of
// it is drawn beside the screen, at the size and in the colours that were asked for, and legend and settings are added.

const INCH = 96 // pixels of one inch: so many pixels are drawn at scale 1
const mm = (length) => Math.round(length * INCH / 25.4)
const SIZES = {
  page: {label: "As on the page"},
  "85mm": {label: "One column, 85 mm", width: mm(85), real: "85mm"},
  "170mm": {label: "Two columns, 170 mm", width: mm(170), real: "170mm"},
  slide: {label: "Slide, 16:9", width: 960, height: 540, letters: 1.35},
}
const PAD = 8
const FONT = '"Roboto", "Helvetica", "Arial", sans-serif'
const EM = 13 // pixels: what Bokeh takes for one, whatever the style sheets say
const INK = {light: "#1f2933", dark: "#e8eaed"}
// What stands in a figure in dark, and in light; app/look/theme.py has the same pairs.
const LIGHTER = {
  "#e8eaed": "#1f2933", "#ffffff": "#1f2933", "#fff": "#1f2933", "white": "#1f2933",
  "rgba(255, 255, 255, 0.7)": "rgba(0, 0, 0, 0.6)", "rgba(255, 255, 255, 0.28)": "rgba(0, 0, 0, 0.22)",
  "rgba(255, 255, 255, 0.12)": "rgba(0, 0, 0, 0.1)",
}
const TEXTS = /(text|label|line|title)_(text_)?color$/
const chosen = {size: "page", colours: "light"}

const escape = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")
const save = (blob, name) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
}

// ------------------------------------------------------------------------------------------ what stands around a figure
const cardOf = (view) => {
  let at = view.parent
  while (at && !at.model.css_classes?.includes("card")) { at = at.parent }
  return at ?? null
}
const figuresIn = (view) => view.model.type === "Figure" ? [view] : (view.child_views ?? []).flatMap(figuresIn)
const texts = (view) => [
  ...(typeof view.model.text === "string" && view.model.visible ? [view.model.text] : []),
  ...(view.model.type === "Figure" ? [] : (view.child_views ?? []).flatMap(texts)),
]
const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body
const legendOf = (card) => texts(card).flatMap((text) => {
  const found = parsed(parsed(text).textContent) // Panel's HTML travels escaped
  return [...found.querySelectorAll(".legend > *")].map(({dataset, textContent}) => ({...dataset, text: textContent.trim()}))
})
const headingOf = (card) => texts(card).map((text) => parsed(parsed(text).textContent).querySelector("h3")?.textContent)
  .find((found) => found) ?? ""
const axisLabel = (axes) => axes.map((axis) => axis.axis_label).find((label) => label && label.trim()) ?? ""
const axesOf = ({below, above, left, right}) => [[...below, ...above], [...left, ...right]].map((parts) =>
  parts.filter(({type}) => type.endsWith("Axis")))
const titleOf = (fig, card) => {
  if (fig.title?.text?.trim()) { return "" } // stands in the figure
  const bar = [...fig.above, ...fig.right, ...fig.below].find(({type, title}) => type === "ColorBar" && title?.trim())
  if (bar) { return bar.title }
  const heading = card ? headingOf(card) : "", [x, y] = axesOf(fig).map(axisLabel)
  return heading || (x && y ? `${y} against ${x}` : y || x)
}

// ------------------------------------------------------------------------------------------ a copy of the figure
const renamed = (part) => {
  if (Array.isArray(part)) { return part.map(renamed) }
  if (part === null || typeof part !== "object" || Object.getPrototypeOf(part) !== Object.prototype) { return part }
  return Object.fromEntries(Object.entries(part).map(([key, value]) =>
    [key, key === "id" && typeof value === "string" ? `copy ${value}` : renamed(value)]))
}
const lighten = (models) => {
  for (const model of models) {
    if (model.palette && model.tags.length) { model.setv({palette: model.tags[0]}, {silent: true}) }
    for (const property of model) {
      const value = TEXTS.test(property.attr) || property.attr === "grid_line_color" ? property.get_value() : null
      const color = value?.value ?? value
      const to = typeof color === "string" ? LIGHTER[color.toLowerCase()] : undefined
      if (to) { model.setv({[property.attr]: to}, {silent: true}) }
    }
  }
}
// Larger letters in titles, axes and colour scales of a figure; what is returned makes them as they were.
const enlarge = (fig, factor) => {
  const before = [fig.title, ...fig.above, ...fig.below, ...fig.left, ...fig.right].filter((part) => part).flatMap((part) =>
    [...part].filter(({attr}) => attr.endsWith("text_font_size")).map(({attr}) => [part, attr, part[attr]]))
  for (const [part, attr, size] of before) {
    const text = size?.value ?? size, found = /^([\d.]+)(em|px)$/.exec(text)
    if (found) { part.setv({[attr]: `${factor * Number(found[1])}${found[2]}`}, {sync: false}) }
  }
  return () => { for (const [part, attr, size] of before) { part.setv({[attr]: size}, {sync: false}) } }
}
const frame = () => new Promise((resolve) => { setTimeout(resolve, 16) })

// Draws a copy of these sizes; `use` gets its view, and then it is gone again.
const withCopy = async (fig, {width, height, light, letters, background}, use) => {
  const {Serializer} = Bokeh.require("core/serialization")
  const rep = renamed(new Serializer({references: new Map(), binary: true}).encode(fig))
  const copied = Bokeh.require("document").Document.from_json({version: Bokeh.version, title: "", defs: [], roots: [rep]})
  const [copy] = copied.roots()
  if (light) { lighten(copied.all_models) }
  copy.setv({
    width, height, sizing_mode: "fixed", min_width: null, css_classes: [], stylesheets: [], styles: {}, margin: 0,
    toolbar_location: null, border_fill_color: background, background_fill_color: background,
  })
  copy.toolbar.tools = []
  if (letters !== 1) { enlarge(copy, letters) }
  const place = document.createElement("div")
  Object.assign(place.style, {
    position: "fixed", left: "-20000px", top: "0", fontFamily: FONT, width: `${width}px`,
  })
  document.body.append(place)
  try {
    const views = await Bokeh.embed.add_document_standalone(copied, place)
    const view = views.get_one?.(copy) ?? Bokeh.index.find_one_by_id(copy.id)
    for (let i = 0; i < 200 && !(view.has_finished() && Math.abs(view.bbox.width - width) < 2); i++) { await frame() }
    return await use(view)
  } finally {
    copied.clear({sync: false})
    place.remove()
    const at = Bokeh.documents.indexOf(copied)
    if (at >= 0) { Bokeh.documents.splice(at, 1) }
  }
}

// A canvas of the copy with so many pixels for each of the screen's.
const finer = (view, scale) => {
  const own = Object.getOwnPropertyDescriptor(window, "devicePixelRatio")
  Object.defineProperty(window, "devicePixelRatio", {value: scale, configurable: true})
  try { return view.export("png", true).canvas } finally { // it is drawn at once: nobody else sees the other ratio
    if (own) { Object.defineProperty(window, "devicePixelRatio", own) } else { delete window.devicePixelRatio }
  }
}

// ------------------------------------------------------------------------------------------ legend, title and settings
const ruler = document.createElement("canvas").getContext("2d")
const font = (size, weight = 400) => `${weight} ${size}px ${FONT}`
const widthOf = (text, size, weight) => { ruler.font = font(size, weight); return ruler.measureText(text).width }
const wrapped = (text, size, width) => {
  const lines = [""]
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word
    if (lines.at(-1) && widthOf(longer, size) > width) { lines.push(word) } else { lines[lines.length - 1] = longer }
  }
  return lines
}
const DASHES = {dashed: [7, 4], dotted: [2, 3]}
const MARKS = { // outlines around 0, 0, as lines of points
  triangle: [[0, -5], [5, 4], [-5, 4]], inverted_triangle: [[0, 5], [5, -4], [-5, -4]],
  diamond: [[0, -6], [5, 0], [0, 6], [-5, 0]], square: [[-4.5, -4.5], [4.5, -4.5], [4.5, 4.5], [-4.5, 4.5]],
}

const ROUND = new Set(["dot", "circle"])

// Lines of text and marks, placed in a sheet of this width; `height` is what they take.
const furniture = ({title, entries, line}, width, letters, ink) => {
  const small = Math.round(0.85 * letters), head = Math.round(1.1 * letters), right = width - 2 * PAD
  const above = [], below = []
  let top = 0, y = 0
  for (const text of title ? wrapped(title, head, right) : []) {
    above.push({text, x: PAD, y: top + 1.15 * head, size: head, weight: 500, color: ink})
    top += 1.4 * head
  }
  let x = PAD
  for (const {text, kind = "", color = "", dash = "solid"} of entries) {
    const sign = kind ? 26 : 0, wide = sign + widthOf(text, small) + 16
    if (x > PAD && x + wide - 16 > right + PAD) { x = PAD; y += 1.5 * small }
    const of = color === "ink" || color === "currentColor" ? ink : color
    if (kind) { below.push({mark: kind, x, y: y + 0.8 * small, color: of, dash}) }
    below.push({text, x: x + sign, y: y + 1.15 * small, size: small, weight: 400, color: ink})
    x += wide
  }
  if (entries.length) { y += 1.7 * small }
  const tiny = Math.max(8, Math.round(0.72 * letters))
  for (const text of line ? wrapped(line, tiny, right) : []) {
    below.push({text, x: PAD, y: y + 1.1 * tiny, size: tiny, weight: 400, color: ink, quiet: true})
    y += 1.3 * tiny
  }
  return {above, below, top: Math.ceil(top), bottom: Math.ceil(y) + (below.length ? PAD : 0)}
}
const onCanvas = (context, part, dy) => {
  context.globalAlpha = part.quiet ? 0.75 : 1
  context.fillStyle = context.strokeStyle = part.color
  if (part.text !== undefined) {
    context.font = font(part.size, part.weight)
    context.fillText(part.text, part.x, part.y + dy)
    return
  }
  const x = part.x, y = part.y + dy
  context.beginPath()
  if (part.mark === "line") {
    context.lineWidth = 2.500
    context.setLineDash(DASHES[part.dash] ?? [])
    context.moveTo(x, y)
    context.lineTo(x + 20, y)
    context.stroke()
    context.setLineDash([])
  } else if (ROUND.has(part.mark)) {
    context.arc(x + 10, y, 4.500, 0, 2 * Math.PI)
    context.fill()
  } else {
    for (const [dx, dyy] of MARKS[part.mark] ?? MARKS.square) { context.lineTo(x + 10 + dx, y + dyy) }
    context.closePath()
    context.fill()
  }
}
const asSvg = (part, dy) => {
  const opacity = part.quiet ? ' opacity="0.75"' : "", color = escape(part.color)
  if (part.text !== undefined) {
    return `<text x="${part.x}" y="${part.y + dy}" font-family="${escape(FONT)}" font-size="${part.size}" font-weight="${part.weight}" fill="${color}"${opacity}>${escape(part.text)}</text>`
  }
  const x = part.x, y = part.y + dy
  if (part.mark === "line") {
    const dash = DASHES[part.dash] ? ` stroke-dasharray="${DASHES[part.dash]}"` : ""
    return `<line x1="${x}" y1="${y}" x2="${x + 20}" y2="${y}" stroke="${color}" stroke-width="2.5"${dash}/>`
  }
  if (ROUND.has(part.mark)) { return `<circle cx="${x + 10}" cy="${y}" r="4.5" fill="${color}"/>` }
  const points = (MARKS[part.mark] ?? MARKS.square).map(([dx, dyy]) => `${x + 10 + dx},${y + dyy}`).join(" ")
  return `<polygon points="${points}" fill="${color}"/>`
}

// ------------------------------------------------------------------------------------------ files
const stem = (fig) => `${synaptogenTools.caption.file}-${slug(fig.name ?? "picture")}`

const picture = async (fig, kind, scale = 1, {size, colours} = chosen) => {
  const view = synaptogenTools.viewOf(fig), card = cardOf(view), {width: asked, height: high, letters: more = 1, real} = SIZES[size]
  const style = getComputedStyle(view.el), surface = style.getPropertyValue("--panel-surface-color").trim() || "#ffffff"
  const dark = colours === "page" && synaptogenTools.isDark()
  const ink = dark ? INK.dark : INK.light, background = dark ? surface : "#ffffff"
  const shown = {width: Math.round(view.bbox.width), height: Math.round(view.bbox.height)}
  const width = asked ?? shown.width
  const words = {title: titleOf(fig, card), entries: card ? legendOf(card) : [], line: synaptogenTools.caption.line}
  const parts = furniture(words, width, more * EM, ink)
  const ratio = Math.min(Math.max(shown.height / shown.width, 0.5), 1)
  const own = high ? high - parts.top - parts.bottom - PAD : asked ? Math.round(Math.max(width * ratio, 160)) : shown.height
  const whole = high ?? own + parts.top + parts.bottom
  const square = high && fig.tags.includes("cell map") // its cells stay as they are: it stands in the middle of the slide
  const wide = square ? Math.min(width, Math.round(own / ratio)) : width, left = Math.round((width - wide) / 2)
  const copy = {width: wide, height: own, light: !dark, letters: more, background}
  const name = `${stem(fig)}${size === "page" ? "" : `-${size}`}`
  await withCopy(fig, copy, async (drawn) => {
    if (kind === "svg") {
      const inner = (await (await drawn.export("svg").to_blob()).text()).replace(/^<\?xml[^>]*>/, "")
        .replace(/<svg/, `<svg x="${left}" y="${parts.top}"`)
      const [w, h] = real ? [real, `${parseFloat(real) * whole / width}mm`] : [width, whole]
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${w}" height="${h}" viewBox="0 0 ${width} ${whole}">` +
        `<rect width="100%" height="100%" fill="${escape(background)}"/>${parts.above.map((part) => asSvg(part, 0)).join("")}${inner}` +
        `${parts.below.map((part) => asSvg(part, parts.top + own)).join("")}</svg>`
      save(new Blob([svg], {type: "image/svg+xml"}), `${name}.svg`)
      return
    }
    const canvas = document.createElement("canvas"), context = canvas.getContext("2d")
    Object.assign(canvas, {width: scale * width, height: scale * whole})
    context.fillStyle = background
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.drawImage(finer(drawn, scale), scale * left, scale * parts.top)
    context.scale(scale, scale)
    for (const part of parts.above) { onCanvas(context, part, 0) }
    for (const part of parts.below) { onCanvas(context, part, parts.top + own) }
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve) })
    save(blob, `${name}-${scale}x.png`)
  })
}

window.synaptogenTools = {
  ...window.synaptogenTools,
  axesOf, cardOf, enlarge, figuresIn, legendOf, picture, save, stem, SIZES, chosen,
  isDark: () => [...(Bokeh.documents[0]?.all_models ?? [])].find((model) => model.class_name === "Page")?.data.dark_theme ?? false,
}
