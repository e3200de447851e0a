/**
 * JMESPath over JSON whose numbers keep their text. What only selects hands numbers on as they are written; a function, a
 * comparison and an operator get JavaScript's numbers.
 * @pure
 */
import { compile, TreeInterpreter } from "@jmespath-community/jmespath";
import { type ExactJson, rounded } from "../../json/exact-json.ts";

type Interpreter = typeof TreeInterpreter;
type Node = Parameters<Interpreter["visit"]>[0];
type Value = Parameters<Interpreter["visit"]>[1];

const newInterpreter = TreeInterpreter.constructor as new () => Interpreter;
const interpreter = exact(new newInterpreter());

/** @throws {Error} if it is not an expression; the function throws where a function of JMESPath does not take its values */
export function compileExact(expression: string): (json: ExactJson) => ExactJson {
  const compiled = compile(expression);
  // For the library, a symbol is a scalar like any other.
  return (json) => interpreter.search(compiled, json as never);
}

function exact(library: Interpreter): Interpreter {
  const visit = library.visit.bind(library);
  const withScope = library.withScope.bind(library);
  library.visit = (node, value) => {
    const origins = new Map<unknown, ExactJson>();
    const operand = (child: Node): Node =>
      child.type === "ExpressionReference"
        ? child
        : { type: "Literal", value: rounded(library.visit(child, value) as ExactJson, origins) as never };
    switch (node.type) {
      case "Comparator":
      case "Arithmetic":
        return visit({ ...node, left: operand(node.left), right: operand(node.right) }, value);
      case "Unary":
        return visit({ ...node, operand: operand(node.operand) }, value);
      case "Function":
        return restored(visit({ ...node, children: node.children.map(operand) }, value), origins);
      default:
        return visit(node, value);
    }
  };
  library.withScope = (scope) => exact(withScope(scope));
  return library;
}

/** Functions such as `sort_by` return parts of what they are given. */
function restored(result: ReturnType<Interpreter["visit"]>, origins: ReadonlyMap<unknown, ExactJson>): Value {
  const origin = origins.get(result);
  if (origin !== undefined) return origin as Value;
  return (Array.isArray(result) ? result.map((part) => restored(part, origins)) : result) as Value;
}
