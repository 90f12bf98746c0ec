// Many settings as one part of the page: a line each (side), or one row with the rest under "More" (bar). What is typed
// goes to the server as it is, which reads it; until that has answered, and as long as a text is refused, a box keeps it.

const STYLE = `
.panel { box-sizing: border-box; width: 100%; font: 400 0.85rem/1.3 "Roboto", "Helvetica", Arial, sans-serif; color: var(--panel-on-background-color, #222);
  --line: color-mix(in srgb, currentColor 45%, transparent); --main: var(--panel-primary-color, #1f4e79); --bad: var(--danger-bg-color, #d32f2f); }
[hidden] { display: none !important; }
.row { position: relative; }
.row .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.row .help { flex: none; width: 14px; height: 14px; padding: 0; border: 1px solid var(--line); border-radius: 50%; background: none; color: inherit;
  font: italic 0.62rem/12px Georgia, serif; text-align: center; cursor: help; opacity: 0.8; }
.row .dot { flex: none; width: 14px; height: 14px; padding: 3px; border: 0; background: none; cursor: pointer; }
.row .dot::before { content: ""; display: block; width: 8px; height: 8px; border-radius: 50%; background: #E69F00; }
.changed .label, .changed input[type=text] { font-weight: 600; }
.row input[type=text], .row textarea, .row select { box-sizing: border-box; height: 28px; padding: 0 6px; border: 1px solid transparent; border-bottom-color: var(--line);
  border-radius: 3px 3px 0 0; outline: 0; background: none; color: inherit; font: inherit; min-width: 0; }
.row select { border-radius: 3px; border-color: var(--line); background: var(--panel-surface-color, #fff); text-overflow: ellipsis; }
.row textarea { width: 100%; height: 56px; padding: 4px 6px; border-color: var(--line); border-radius: 3px; resize: vertical; }
.row :is(input[type=text], textarea, select):hover { border-color: currentColor; }
.row :is(input[type=text], textarea, select):focus { border-color: var(--main); box-shadow: inset 0 -1px 0 var(--main); }
.row .number { display: flex; align-items: center; }
.row input[type=text] { text-align: right; font-variant-numeric: tabular-nums; }
.row .unit { min-width: 0; padding-left: 3px; opacity: 0.85; white-space: nowrap; }
.row .steps { display: flex; flex-direction: column; }
.row .steps button { display: block; padding: 0 3px; border: 0; background: none; color: inherit; opacity: 0.75; font-size: 8px; line-height: 12px; cursor: pointer; }
.row .steps button:hover { opacity: 1; }
input[type=range] { appearance: none; display: block; width: 100%; height: 14px; margin: 0; background: none; cursor: pointer; }
input[type=range]::-webkit-slider-runnable-track { height: 3px; border-radius: 2px; background: linear-gradient(to right, var(--main) var(--share), var(--line) var(--share)); }
input[type=range]::-moz-range-track { height: 3px; border-radius: 2px; background: linear-gradient(to right, var(--main) var(--share), var(--line) var(--share)); }
input[type=range]::-webkit-slider-thumb { appearance: none; width: 12px; height: 12px; margin-top: -4.5px; border-radius: 50%; background: var(--main); }
input[type=range]::-moz-range-thumb { width: 12px; height: 12px; border: 0; border-radius: 50%; background: var(--main); }
input[type=checkbox] { appearance: none; flex: none; width: 32px; height: 18px; margin: 5px 0; border-radius: 9px; background: var(--line); cursor: pointer; position: relative; }
input[type=checkbox]::before { content: ""; position: absolute; left: 2px; top: 2px; width: 14px; height: 14px; border-radius: 50%; background: #fff; transition: left 0.1s; }
input[type=checkbox]:checked { background: var(--main); }
input[type=checkbox]:checked::before { left: 16px; }
:is(button, input:is([type=checkbox], [type=range]), summary):focus-visible { outline: 2px solid var(--main); outline-offset: 1px; }
.sentence { color: var(--bad); font-size: 0.75rem; line-height: 1.35; white-space: normal; }
.sentence:empty { display: none; }
.marked input[type=text], .marked textarea { border-color: var(--bad) !important; box-shadow: none !important; }
.marked .label { color: var(--bad); }
.tip { position: fixed; inset: auto; margin: 0; padding: 5px 9px; border: 0; border-radius: 4px; max-width: min(260px, calc(100vw - 24px)); background: #4a4a4a; color: #fff;
  font: 500 0.72rem/1.4 "Roboto", "Helvetica", Arial, sans-serif; }
.foot { display: flex; gap: 4px; padding: 8px 10px; }
.plain { height: 32px; padding: 0 10px; border: 0; border-radius: 4px; background: none; color: var(--main); font: inherit; font-weight: 500; cursor: pointer; }
.plain:hover { background: color-mix(in srgb, currentColor 10%, transparent); }
.group > summary { display: flex; align-items: center; height: 34px; padding: 0 12px; font-size: 0.95rem; font-weight: 500; cursor: pointer; list-style: none; border-top: 1px solid color-mix(in srgb, currentColor 22%, transparent); }
.group:first-child > summary { border-top: 0; }
.group > summary::after { content: ""; margin-left: auto; width: 7px; height: 7px; border: solid currentColor; border-width: 0 2px 2px 0; rotate: 45deg; transition: rotate 0.1s; }
.group[open] > summary::after { rotate: 225deg; translate: 0 3px; }
.group > summary .dots { margin-left: 8px; width: 8px; height: 8px; border-radius: 50%; background: #E69F00; }
.rows { padding: 0 12px 8px; }
.wave { display: block; width: 100%; height: 90px; }
.wave text { font-size: 10px; fill: currentColor; }
.wave polyline { fill: none; stroke: currentColor; stroke-width: 1.5; opacity: 0.7; vector-effect: non-scaling-stroke; }
.wave line { stroke: currentColor; opacity: 0.15; vector-effect: non-scaling-stroke; }
.side .line { display: flex; align-items: center; gap: 5px; min-height: 28px; }
.side .label { flex: 0 1 auto; }
.side .gap { flex: 1; }
.side input[type=text] { width: 5.6em; }
.side .words input[type=text] { width: 9em; text-align: left; }
.side select { max-width: 62%; min-width: 90px; }
.side .unit { width: 1.9em; }
.side .row.slid { padding-bottom: 2px; }
.bar { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 4px 12px; min-height: 40px; padding: 2px 0; }
.bar .row { padding: 2px 0; max-width: 100%; }
.bar .row.slid:not(.lines) { display: flex; flex-wrap: wrap; align-items: center; gap: 0 6px; }
.bar .line { display: flex; align-items: center; gap: 5px; height: 32px; }
.bar .label { opacity: 0.85; }
.bar select { max-width: 300px; height: 32px; }
.bar input[type=text] { width: 4.6em; height: 32px; border-color: var(--line); border-radius: 3px; }
.bar .words input[type=text] { width: 13em; text-align: left; }
.bar .slid input[type=range] { width: 64px; }
.bar > .row.slid:not(.lines) { flex-wrap: nowrap; } .bar .row .sentence { flex-basis: 100%; }
.bar .sentence { max-width: 260px; }
.bar textarea { width: 260px; height: 32px; }
.bar .more > summary { display: flex; box-sizing: border-box; align-items: center; height: 32px; margin: 2px 0; padding: 0 10px; border: 1px solid var(--line); border-radius: 4px; cursor: pointer; list-style: none; }
.bar .more > .rows { display: flex; flex-wrap: wrap; gap: 4px 14px; padding: 4px 0; }
.bar .more[open] { flex-basis: 100%; } .bar .more[open] > summary { width: fit-content; }
@media print { .panel { display: none; } }
@media (pointer: coarse) { .row .help, .row .dot { width: 22px; height: 22px; line-height: 20px; padding: 0; } .row .dot { padding: 7px; } input[type=range] { height: 24px; } }
`
const SVG = "http://www.w3.org/2000/svg"
const STEPS = {ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10}
const ALONG = {...STEPS, ArrowRight: 1, ArrowLeft: -1}
const tidy = (number) => Number(Number(number).toPrecision(12))

function element(tag, attributes, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) { made.setAttribute(name, value === true ? "" : value) }
  }
  made.append(...children)
  return made
}

// A sign that is seen and not read: the button's name is its title, so that a label names its control alone.
const hidden = (sign) => element("span", {"aria-hidden": "true"}, sign)

// A bar is one line: what has no room in it is under "More", before what always is.
function fold(bar, parts) {
  let more = parts.find((part) => part.matches("details.more"))
  if (!more) {
    more = element("details", {class: "more", hidden: true}, element("summary", {}, "More"), element("div", {class: "rows"}))
    bar.insertBefore(more, bar.lastElementChild)
  }
  const own = parts.filter((part) => part.matches(".row")), inside = more.querySelector(".rows")
  let last = ""
  const fit = () => {
    const width = bar.clientWidth, always = [...inside.children].some((row) => !row.classList.contains("folded") && !row.hidden)
    const now = `${width} ${own.map((row) => Number(row.hidden))} ${always || more.dataset.always}`
    if (!width || now === last) { return } // what has the focus is not moved for nothing
    last = now
    const {open} = more, {activeElement: focused} = bar.getRootNode()
    more.open = false
    for (const row of own) {
      row.classList.remove("folded")
      bar.insertBefore(row, more)
    }
    const alone = more.dataset.always !== "true" && !always
    more.hidden = alone
    const shown = own.filter((row) => !row.hidden), line = shown[0]?.offsetTop ?? 0
    const over = () => [...shown.filter((row) => !row.classList.contains("folded")), ...(more.hidden ? [] : [more])]
      .some((row) => row.offsetTop > line + 20)
    for (const row of shown.slice(1).reverse()) {
      if (!over()) { break }
      if (row.classList.contains("words")) { continue } // what is typed into stays in sight
      more.hidden = false
      row.classList.add("folded")
      inside.prepend(row)
    }
    more.open = open
    if (focused && bar.contains(focused) && bar.getRootNode().activeElement !== focused) {
      more.open = more.open || inside.contains(focused)
      focused.focus()
    }
  }
  new ResizeObserver(fit).observe(bar)
  document.fonts?.ready.then(() => { // letters of another font were wider
    last = ""
    fit()
  })
  return fit
}

export function render({model}) {
  const tip = element("div", {class: "tip", popover: "manual", role: "tooltip"})
  const rows = new Map() // key -> what draws its state
  const timers = new Map()
  const state = (key) => model.state[key]
  const send = (message) => model.send_msg(message)
  // A slider moves faster than a server answers: one message at a time, and always the last.
  const later = (key, value) => {
    const waits = timers.has(key)
    timers.set(key, value)
    if (!waits) {
      setTimeout(() => {
        const last = timers.get(key)
        timers.delete(key)
        send({key, value: last})
      }, 30)
    }
  }

  const explain = (button, text) => {
    const show = () => {
      tip.textContent = text()
      tip.showPopover()
      const at = button.getBoundingClientRect(), size = tip.getBoundingClientRect()
      const right = at.right + 8 + size.width < window.innerWidth
      tip.style.left = `${right ? at.right + 8 : Math.max(4, at.left - 8 - size.width)}px`
      tip.style.top = `${Math.max(4, Math.min(at.top + at.height / 2 - size.height / 2, window.innerHeight - size.height - 4))}px`
    }
    const hide = () => tip.hidePopover()
    for (const [event, act] of [["pointerenter", show], ["focus", show], ["click", show], ["pointerleave", hide], ["blur", hide]]) {
      button.addEventListener(event, act)
    }
    button.addEventListener("keydown", (event) => { if (event.key === "Escape") { hide() } })
  }

  const number = (spec, name) => {
    const box = element("input", {type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false"})
    const steps = [["▲", 1], ["▼", -1]].map(([sign, by]) => {
      const button = element("button", {type: "button", tabindex: "-1", title: `${spec.label}: ${by > 0 ? "more" : "less"}`}, hidden(sign))
      button.addEventListener("click", () => turn(by))
      return button
    })
    const slider = spec.slider ? element("input", {type: "range", step: "any", "aria-label": name}) : null
    box.setAttribute("aria-label", slider ? `${name}: number` : name)
    const move = (value) => {
      const {start, end} = state(spec.key)
      const to = tidy(Math.min(Math.max(value, start ?? -Infinity), end ?? Infinity))
      if (document.activeElement && box.getRootNode().activeElement !== box) { box.value = String(to) }
      if (slider) { place(to) }
      pending = to
      clearTimeout(patience)
      patience = setTimeout(() => { pending = null; draw(state(spec.key)) }, 2000) // the server may not have taken it
      later(spec.key, to)
    }
    let pending = null, patience
    const turn = (by) => move((pending ?? state(spec.key).value ?? 0) + by * spec.step)
    const place = (value) => {
      const {start, end} = state(spec.key)
      Object.assign(slider, {min: start, max: end})
      slider.value = value
      slider.style.setProperty("--share", `${100 * Math.min(Math.max((value - start) / (end - start), 0), 1)}%`)
    }
    box.addEventListener("change", () => send({key: spec.key, text: box.value})) // Enter, or leaving what was edited
    box.addEventListener("keydown", (event) => {
      if (event.key in STEPS) {
        event.preventDefault()
        turn(STEPS[event.key])
        box.value = String(pending)
      } else if (event.key === "Escape") {
        box.value = String(state(spec.key).value ?? "")
        send({key: spec.key, text: null})
      }
    })
    slider?.addEventListener("input", () => move(Math.round(slider.value / spec.step) * spec.step))
    slider?.addEventListener("keydown", (event) => {
      const {start, end} = state(spec.key), to = {Home: start, End: end}[event.key]
      if (to == null && !(event.key in ALONG)) { return }
      event.preventDefault()
      if (to == null) { turn(ALONG[event.key]) } else { move(to) }
    })
    const draw = ({value, error, draft, help}) => {
      if (pending === value || error) {
        pending = null
        clearTimeout(patience)
      }
      if (pending === null) { // else an older answer has come: the hand is ahead of it
        box.value = error ? draft : String(value ?? "")
        if (slider) { place(value) }
      }
      box.setAttribute("aria-invalid", String(error !== ""))
      for (const each of slider ? [box, slider] : [box]) { each.setAttribute("aria-description", help) }
    }
    const inside = element("span", {class: "number"}, box, element("span", {class: "steps"}, ...steps))
    if (spec.unit) { inside.append(element("span", {class: "unit", "aria-hidden": "true"}, spec.unit)) }
    return {inside: [inside], below: slider ? [slider] : [], draw}
  }

  const toggle = (spec, name) => {
    const box = element("input", {type: "checkbox", role: "switch", "aria-label": name})
    box.addEventListener("change", () => send({key: spec.key, value: box.checked}))
    return {inside: [box], below: [], draw: ({value, help}) => {
      box.checked = value
      box.setAttribute("aria-description", help)
    }}
  }

  const choice = (spec, name) => {
    const box = element("select", {"aria-label": name})
    let offered = ""
    box.addEventListener("change", () => send({key: spec.key, value: box.value}))
    return {inside: [box], below: [], draw: ({value, help, options}) => {
      const wanted = JSON.stringify(options ?? spec.options)
      if (wanted !== offered) {
        offered = wanted
        box.replaceChildren(...(options ?? spec.options).map(([key, label]) => element("option", {value: key}, label)))
      }
      box.value = value
      box.title = box.selectedOptions[0]?.text ?? ""
      box.setAttribute("aria-description", help)
    }}
  }

  const words = (spec, name) => {
    const box = element(spec.kind === "lines" ? "textarea" : "input", {"aria-label": name, spellcheck: "false", autocomplete: "off"})
    if (spec.kind !== "lines") { box.type = "text" }
    box.addEventListener("change", () => send({key: spec.key, value: box.value}))
    const draw = ({value, help}) => { box.value = value; box.setAttribute("aria-description", help) }
    return spec.kind === "lines" ? {inside: [], below: [box], draw} : {inside: [box], below: [], draw}
  }

  const make = (spec) => {
    const name = spec.unit ? `${spec.label} (${spec.unit})` : spec.label
    const {inside, below, draw} = {number, switch: toggle, choice}[spec.kind]?.(spec, name) ?? words(spec, name)
    const label = element("span", {class: "label", title: name}, spec.label)
    const help = element("button", {type: "button", class: "help", title: `What ${spec.label} is`}, hidden("i"))
    explain(help, () => state(spec.key).help)
    const dot = element("button", {type: "button", class: "dot", title: `${spec.label}: back to its default`})
    dot.addEventListener("click", () => send({key: spec.key, reset: true}))
    const sentence = element("div", {class: "sentence", role: "status"})
    const gap = model.layout === "side" ? [element("span", {class: "gap"})] : []
    const line = element("div", {class: "line"}, label, help, dot, ...gap, ...inside)
    const row = element("div", {class: `row ${below.length ? "slid" : ""} ${spec.kind === "lines" ? "lines" : ""} ${spec.kind === "words" ? "words" : ""}`}, line, ...below, sentence)
    const show = () => {
      const now = state(spec.key)
      row.hidden = !now.shown
      row.classList.toggle("changed", now.changed)
      row.classList.toggle("marked", now.error !== "")
      dot.hidden = !now.changed || model.layout !== "side"
      help.hidden = now.help === ""
      if (sentence.textContent !== now.error) { sentence.textContent = now.error }
      draw(now)
    }
    rows.set(spec.key, show)
    show()
    return row
  }

  const wave = () => {
    const drawn = document.createElementNS(SVG, "svg")
    drawn.setAttribute("class", "wave")
    drawn.setAttribute("role", "img")
    const show = () => {
      const {pulse, volts} = model.wave
      const low = Math.min(0, ...volts), high = Math.max(0, ...volts), left = 34, top = 8, width = 220, height = 62
      const y = (v) => top + height * (high === low ? 0.5 : (high - v) / (high - low))
      const x = (i) => left + width * i / Math.max(1, volts.length)
      const points = volts.flatMap((v, i) => [`${x(i)},${y(v)}`, `${x(i + 1)},${y(v)}`])
      drawn.setAttribute("viewBox", `0 0 ${left + width + 6} 90`)
      drawn.setAttribute("aria-label", `Voltage of the first pulses, from ${low} to ${high} V`)
      const add = (tag, attributes, text = "") => {
        const made = document.createElementNS(SVG, tag)
        for (const [name, value] of Object.entries(attributes)) { made.setAttribute(name, value) }
        made.textContent = text
        drawn.append(made)
      }
      drawn.replaceChildren()
      for (const v of new Set([low, 0, high])) {
        add("line", {x1: left, x2: left + width, y1: y(v), y2: y(v)})
        add("text", {x: left - 4, y: y(v) + 3.5, "text-anchor": "end"}, String(tidy(v.toPrecision(3))).replace("-", "−") + (v === 0 ? " V" : ""))
      }
      add("polyline", {points: points.join(" ")})
      add("text", {x: left, y: 86}, "0")
      add("text", {x: left + width / 2, y: 86, "text-anchor": "middle"}, model.wave.whose ?? "")
      add("text", {x: left + width, y: 86, "text-anchor": "end"}, `pulse ${pulse.length ? pulse.at(-1) + 1 : 0}`)
    }
    model.on("wave", show)
    show()
    return drawn
  }

  const group = ({title, key, open, picture, specs}) => {
    const inside = element("div", {class: "rows"})
    const dots = element("span", {class: "dots", title: "Something here is changed", role: "img", "aria-label": "changed"})
    const made = element("details", {class: model.layout === "side" ? "group" : "more", open}, element("summary", {}, title, dots), inside)
    let filled = false
    const fill = () => { // made when it is first opened
      if (!filled) { inside.append(...(picture ? [wave()] : []), ...specs.map(make)) }
      filled = true
    }
    made.addEventListener("toggle", () => { if (made.open) { fill() } })
    if (open) { fill() }
    const show = () => {
      made.hidden = !specs.some(({key}) => state(key).shown) && !inside.querySelector(":scope > .folded")
      made.dataset.always = String(specs.some(({key}) => state(key).shown))
      dots.hidden = !specs.some(({key}) => state(key).shown && state(key).changed)
    }
    rows.set(`group ${key}`, show)
    show()
    return made
  }

  const parts = model.groups.flatMap((each) => each.title === "" ? each.specs.map(make) : [group(each)])
  if (model.foot) {
    const reset = element("button", {type: "button", class: "plain"}, "Reset to defaults")
    reset.addEventListener("click", () => send({reset: true}))
    parts.push(element("div", {class: "foot"}, reset))
  }
  const root = element("div", {class: `panel ${model.layout}`}, element("style", {}, STYLE), ...parts, tip)
  const refold = model.layout === "bar" ? fold(root, parts) : () => {}
  model.on(["state", "answers"], () => {
    for (const show of rows.values()) { show() }
    refold()
  })
  return root
}
