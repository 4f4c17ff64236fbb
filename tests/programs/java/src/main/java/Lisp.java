import java.util.*;

/** A small Lisp: closures in closures, tail calls by a loop, lists of anything. */
class Lisp {
    interface Function { Object call(List<Object> args); }
    static final class Scope {
        final Map<String, Object> names = new HashMap<>();
        final Scope outer;
        Scope(Scope outer) { this.outer = outer; }
        Scope find(String name) {
            for (Scope s = this; s != null; s = s.outer) if (s.names.containsKey(name)) return s;
            throw new NoSuchElementException("unbound " + name);
        }
    }
    static final class Lambda {
        final List<?> params;
        final Object body;
        final Scope scope;
        Lambda(List<?> params, Object body, Scope scope) { this.params = params; this.body = body; this.scope = scope; }
    }

    static Object read(Iterator<String> tokens) {
        String t = tokens.next();
        if (t.equals("(")) {
            List<Object> list = new ArrayList<>();
            for (Object o = read(tokens); o != null; o = read(tokens)) list.add(o);
            return list;
        }
        if (t.equals(")")) return null;
        try {
            return Long.valueOf(t);
        } catch (NumberFormatException e) {
            return t;
        }
    }

    static Object eval(Object x, Scope scope) {
        for (;;) {
            if (x instanceof String s) return scope.find(s).names.get(s);
            if (!(x instanceof List<?> list)) return x;
            Object head = list.get(0);
            if ("if".equals(head)) {
                x = Boolean.FALSE.equals(eval(list.get(1), scope)) ? list.get(3) : list.get(2);
                continue;
            }
            if ("quote".equals(head)) return list.get(1);
            if ("lambda".equals(head)) return new Lambda((List<?>) list.get(1), list.get(2), scope);
            if ("define".equals(head)) {
                scope.names.put((String) list.get(1), eval(list.get(2), scope));
                return "ok";
            }
            if ("set!".equals(head)) {
                String name = (String) list.get(1);
                scope.find(name).names.put(name, eval(list.get(2), scope));
                return "ok";
            }
            Object f = eval(head, scope);
            List<Object> args = new ArrayList<>();
            for (int i = 1; i < list.size(); i++) args.add(eval(list.get(i), scope));
            if (f instanceof Function g) return g.call(args);
            Lambda lambda = (Lambda) f;
            Scope inner = new Scope(lambda.scope);
            for (int i = 0; i < args.size(); i++) inner.names.put((String) lambda.params.get(i), args.get(i));
            x = lambda.body;
            scope = inner;
        }
    }

    static String show(Object o) {
        if (!(o instanceof List<?> list)) return String.valueOf(o);
        StringBuilder b = new StringBuilder("(");
        for (Object e : list) b.append(b.length() > 1 ? " " : "").append(show(e));
        return b.append(")").toString();
    }

    static void demo() {
        Scope top = new Scope(null);
        top.names.put("+", (Function) a -> (Long) a.get(0) + (Long) a.get(1));
        top.names.put("-", (Function) a -> (Long) a.get(0) - (Long) a.get(1));
        top.names.put("*", (Function) a -> (Long) a.get(0) * (Long) a.get(1));
        top.names.put("<", (Function) a -> (Long) a.get(0) < (Long) a.get(1));
        top.names.put("list", (Function) ArrayList::new);
        top.names.put("null?", (Function) a -> ((List<?>) a.get(0)).isEmpty());
        top.names.put("car", (Function) a -> ((List<?>) a.get(0)).get(0));
        top.names.put("cdr", (Function) a -> new ArrayList<Object>(((List<?>) a.get(0)).subList(1, ((List<?>) a.get(0)).size())));
        top.names.put("cons", (Function) a -> {
            List<Object> l = new ArrayList<>();
            l.add(a.get(0));
            l.addAll((List<?>) a.get(1));
            return l;
        });
        String[] lines = {
            "(define fact (lambda (n) (if (< n 2) 1 (* n (fact (- n 1))))))", "(fact 20)",
            "(define fib (lambda (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))))", "(fib 17)",
            "(define map (lambda (f l) (if (null? l) l (cons (f (car l)) (map f (cdr l))))))",
            "(map (lambda (x) (* x x)) (quote (1 2 3 4 5 6 7)))",
            "(define counter (lambda (n) (lambda () (if (set! n (+ n 1)) n n))))", "(define c (counter 10))", "(c)", "(list (c) (c))",
            "(define loop (lambda (n acc) (if (< n 1) acc (loop (- n 1) (+ acc n)))))", "(loop 20000 0)",
            "(define compose (lambda (f g) (lambda (x) (f (g x)))))", "((compose fact (lambda (x) (+ x 1))) 9)",
            "(car (quote ()))", "(nope 1)", "(+ 1 (quote x))"};
        for (String line : lines) {
            String spaced = line.replace("(", " ( ").replace(")", " ) ").trim();
            try {
                System.out.println(show(eval(read(Arrays.asList(spaced.split(" +")).iterator()), top)));
            } catch (IndexOutOfBoundsException | NoSuchElementException | ClassCastException e) {
                System.out.println("error " + e.getClass().getSimpleName().length());
            }
        }
    }
}
