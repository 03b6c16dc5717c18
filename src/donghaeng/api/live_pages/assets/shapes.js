/* Shapes that differ without colour: a ring, a triangle, a cross, a question mark. */
const SHAPES = {
  free: "M24 6a18 18 0 1 0 0 36 18 18 0 0 0 0-36zm0 6a12 12 0 1 1 0 24 12 12 0 0 1 0-24z",
  open: "M24 5 45 42H3zm0 12L13 36h22z",
  no: "M10 5 24 19 38 5l5 5-14 14 14 14-5 5-14-14-14 14-5-5 14-14L5 10z",
  unknown: "M20 34h8v8h-8zm-7-18C13 8 18 5 24 5s12 4 12 11c0 6-8 8-8 15h-8c0-9 8-11 8-15 0-3-2-4-4-4s-4 1-4 4z",
};

/** Draws the shape of a kind of answer. */
export function shape(kind) {
  const SVG = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(SVG, "svg");
  for (const [name, value] of [["viewBox", "0 0 48 48"], ["aria-hidden", "true"], ["class", "shape"]]) {
    drawing.setAttribute(name, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[kind]);
  drawing.append(path);
  return drawing;
}
