// A number: its label, its box, and a slider where few steps will do. What is typed goes to the server as it is, which
// reads it; until that has answered, and as long as the text is refused, the box keeps the text.

const STYLE = `
.number { position: relative; box-sizing: border-box; width: 100%; font-family: "Roboto", "Helvetica", Arial, sans-serif;
  color: var(--panel-on-background-color, #222); --line: color-mix(in srgb, currentColor 30%, transparent);
  --main: var(--panel-primary-color, #1f4e79); --bad: var(--danger-bg-color, #d32f2f); }
.number .label { font-size: 0.85rem; line-height: 1.3; opacity: 0.8; }
.number .help { display: inline-block; margin-left: 0.4em; width: 0.9em; height: 0.9em; border: 1px solid; border-radius: 50%;
  font: italic 0.62rem/0.9em Georgia, serif; text-align: center; vertical-align: 0.1em; cursor: help; }
.number input[type=text] { width: 100%; min-width: 0; padding: 0; border: 0; outline: 0; background: none; color: inherit;
  font: inherit; font-size: 0.9rem; line-height: 1.44; }
.number [hidden] { display: none; }
.number .field { display: flex; align-items: center; }
.number .steps { display: flex; flex-direction: column; margin-right: -4px; }
.number .steps button { display: block; padding: 0 3px; border: 0; background: none; color: inherit; opacity: 0.75;
  font-size: 8px; line-height: 11px; cursor: pointer; }
.number .steps button:hover { opacity: 1; }
.number .sentence { color: var(--bad); font-size: 0.75rem; line-height: 1.35; margin-top: 3px; }
.number .sentence:empty { display: none; }
.boxed .field { height: 38px; margin: -6px 0 0; padding: 0 8px 5px 12px; min-width: 0; box-sizing: border-box; border: 1px solid var(--line);
  border-radius: 4px; } /* 32 to be seen: the label stands on the border */
.boxed .field:hover { border-color: currentColor; }
.boxed .field:focus-within { outline: 1px solid var(--main); outline-offset: -2px; border-color: var(--main); }
.boxed .label { float: none; max-width: 100%; margin-left: -4px; padding: 0 4px; overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis; font-size: 0.68rem; line-height: 12px; }
.slid .head { display: flex; align-items: center; gap: 8px; }
.slid .label { flex: 1; }
.slid .field { flex: none; width: 76px; border-bottom: 1px solid var(--line); }
.slid .field:focus-within { border-bottom-color: var(--main); box-shadow: 0 1px 0 var(--main); }
.slid input[type=range] { appearance: none; display: block; width: 100%; height: 16px; margin: 0; background: none;
  cursor: pointer; }
.slid input[type=range]:focus-visible { outline: 2px solid var(--main); outline-offset: 1px; }
.slid input[type=range]::-webkit-slider-runnable-track { height: 3px; border-radius: 2px;
  background: linear-gradient(to right, var(--main) var(--share), var(--line) var(--share)); }
.slid input[type=range]::-moz-range-track { height: 3px; border-radius: 2px;
  background: linear-gradient(to right, var(--main) var(--share), var(--line) var(--share)); }
.slid input[type=range]::-webkit-slider-thumb { appearance: none; width: 12px; height: 12px; margin-top: -4.5px;
  border-radius: 50%; background: var(--main); }
.slid input[type=range]::-moz-range-thumb { width: 12px; height: 12px; border: 0; border-radius: 50%;
  background: var(--main); }
.marked.boxed .field, .marked.boxed .field:focus-within { border-color: var(--bad); outline-color: var(--bad); }
.marked.slid .field, .marked.slid .field:focus-within { border-bottom-color: var(--bad); box-shadow: 0 1px 0 var(--bad); }
.marked .label { color: var(--bad); opacity: 1; }
.tip { position: fixed; inset: auto; margin: 0; padding: 4px 8px; border: 0; border-radius: 4px; max-width: 260px;
  background: #616161; color: #fff; font: 500 0.7rem/1.4 "Roboto", "Helvetica", Arial, sans-serif; }
`

function element(tag, attributes, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) { made.setAttribute(name, value) }
  made.append(...children)
  return made
}

const STEPS = {ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10}
const ALONG = {...STEPS, ArrowRight: 1, ArrowLeft: -1}
const tidy = (number) => Number(Number(number).toPrecision(12))

export function render({model}) {
  const slid = model.esm_constants.slider
  const label = element("span", {})
  const help = element("span", {class: "help", "aria-hidden": "true"}, "i")
  const tip = element("div", {class: "tip", popover: "manual", role: "tooltip"})
  const box = element("input", {type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false"})
  const up = element("button", {type: "button", tabindex: "-1", "aria-hidden": "true"}, "▲")
  const down = element("button", {type: "button", tabindex: "-1", "aria-hidden": "true"}, "▼")
  const sentence = element("div", {class: "sentence", role: "status", id: "sentence"})
  const slider = slid ? element("input", {type: "range"}) : null
  const steps = element("span", {class: "steps"}, up, down)
  const title = element(slid ? "span" : "legend", {class: "label"}, label, help)
  const parts = slid
    ? [element("div", {class: "head"}, title, element("span", {class: "field"}, box, steps)), slider]
    : [element("fieldset", {class: "field", role: "presentation"}, title, box, steps)]
  const root = element("div", {class: `number ${slid ? "slid" : "boxed"}`}, element("style", {}, STYLE), ...parts, sentence, tip)

  const draw = () => {
    const marked = model.error !== ""
    root.classList.toggle("marked", marked)
    label.textContent = model.label
    tip.textContent = model.help
    help.hidden = model.help === ""
    box.value = marked ? model.draft : String(model.value ?? "")
    box.setAttribute("aria-label", slid ? `${model.label}: number` : model.label)
    box.setAttribute("aria-description", model.help)
    box.setAttribute("aria-invalid", marked)
    box.setAttribute("aria-errormessage", "sentence")
    sentence.textContent = model.error
    if (slid) {
      const {start, end, value} = model
      slider.setAttribute("aria-label", model.label)
      slider.setAttribute("aria-description", model.help)
      Object.assign(slider, {min: start, max: end, step: "any"}) // its own steps would begin at `start`: 0.01, 1.01, ...
      slider.value = value
      slider.style.setProperty("--share", `${100 * Math.min(Math.max((value - start) / (end - start), 0), 1)}%`)
    }
  }

  const move = (value) => {
    const {start, end} = model
    model.value = tidy(Math.min(Math.max(value, start ?? -Infinity), end ?? Infinity))
  }
  const turn = (steps) => move((model.value ?? 0) + steps * model.step)

  box.addEventListener("change", () => model.send_msg({text: box.value})) // Enter, or leaving what was edited
  box.addEventListener("keydown", (event) => {
    if (event.key in STEPS) {
      event.preventDefault()
      turn(STEPS[event.key])
    } else if (event.key === "Escape") {
      box.value = String(model.value ?? "")
      model.send_msg({text: null})
    }
  })
  up.addEventListener("click", () => turn(1))
  down.addEventListener("click", () => turn(-1))
  slider?.addEventListener("input", () => move(Math.round(slider.value / model.step) * model.step))
  slider?.addEventListener("keydown", (event) => {
    const {key} = event
    const end = {Home: model.start, End: model.end}[key]
    if (end == null && !(key in ALONG)) { return }
    event.preventDefault()
    if (end == null) { turn(ALONG[key]) } else { move(end) }
  })
  help.addEventListener("pointerenter", () => {
    tip.showPopover()
    const at = help.getBoundingClientRect(), size = tip.getBoundingClientRect()
    const right = at.right + 8 + size.width < window.innerWidth
    tip.style.left = `${right ? at.right + 8 : Math.max(4, at.left - 8 - size.width)}px`
    tip.style.top = `${at.top + at.height / 2 - size.height / 2}px`
  })
  help.addEventListener("pointerleave", () => tip.hidePopover())

  model.on(["value", "draft", "error", "label", "help", "start", "end", "answers"], draw)
  draw()
  return root
}
