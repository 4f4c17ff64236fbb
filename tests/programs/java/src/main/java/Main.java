import java.math.BigInteger;
import java.util.*;
import java.util.function.*;
import java.util.regex.*;
import java.util.stream.*;

/** What a Java program does all day: objects, interfaces, casts, exceptions, strings, collections, closures. */
public class Main {
    public static void main(String[] args) {
        section("shapes", Main::shapes);
        section("exceptions", Main::exceptions);
        section("collections", Main::collections);
        section("text", Main::text);
        section("numbers", Main::numbers);
        section("lisp", Lisp::demo);
        section("paths", Main::paths);
        section("trees", Main::trees);
        section("life", Main::life);
    }

    static void section(String name, Runnable body) {
        System.out.println("== " + name);
        body.run();
    }

    /** The same numbers everywhere. */
    static class Dice {
        private long seed;
        Dice(long seed) { this.seed = seed; }
        int nextInt(int n) {
            seed = seed * 6364136223846793005L + 1442695040888963407L;
            return (int) ((seed >>> 33) % n);
        }
    }

    // ---- classes, interfaces, enums, records ----

    interface Shape {
        double area();
        default String describe() { return getClass().getSimpleName().isEmpty() ? "?" : name() + " " + Math.round(area() * 100); }
        String name();
    }
    record Circle(double r) implements Shape {
        public double area() { return 3.141592653589793 * r * r; }
        public String name() { return "circle"; }
    }
    record Box(double w, double h) implements Shape {
        public double area() { return w * h; }
        public String name() { return "box"; }
    }
    static abstract class Polygon implements Shape {
        final double[] xs, ys;
        Polygon(double... points) {
            xs = new double[points.length / 2];
            ys = new double[points.length / 2];
            for (int i = 0; i < xs.length; i++) { xs[i] = points[2 * i]; ys[i] = points[2 * i + 1]; }
        }
        public double area() {
            double sum = 0;
            for (int i = 0; i < xs.length; i++) {
                int k = (i + 1) % xs.length;
                sum += xs[i] * ys[k] - xs[k] * ys[i];
            }
            return Math.abs(sum) / 2;
        }
    }
    static class Triangle extends Polygon {
        Triangle(double... p) { super(p); }
        public String name() { return "triangle"; }
    }
    enum Op implements IntBinaryOperator {
        ADD("+") { public int applyAsInt(int a, int b) { return a + b; } },
        MUL("*") { public int applyAsInt(int a, int b) { return a * b; } },
        SHL("<<") { public int applyAsInt(int a, int b) { return a << b; } };
        final String sign;
        Op(String sign) { this.sign = sign; }
    }

    static void shapes() {
        Shape[] all = {new Circle(2), new Box(3, 4.5), new Triangle(0, 0, 4, 0, 0, 3), new Circle(0.5)};
        Object[] mixed = {1, "two", 3L, 4.0, 'c', all[1], new int[] {1, 2}, null, all[2]};
        for (Shape s : all) System.out.println(s.describe());
        int shapes = 0, polygons = 0, numbers = 0;
        for (Object o : mixed) {
            if (o instanceof Shape s) shapes += s.name().length();
            if (o instanceof Polygon) polygons++;
            if (o instanceof Number n) numbers += n.intValue();
        }
        System.out.println(shapes + " " + polygons + " " + numbers);
        System.out.println(new Box(1, 2).equals(new Box(1, 2)) + " " + new Box(1, 2).equals(new Circle(1)));
        for (Op op : Op.values()) System.out.print(op + op.sign + op.applyAsInt(6, 3) + " ");
        System.out.println(Op.valueOf("MUL").ordinal());
    }

    // ---- exceptions ----

    static class Lost extends RuntimeException {
        final int depth;
        Lost(int depth, Throwable cause) { super("lost at " + depth, cause); this.depth = depth; }
    }
    static class Door implements AutoCloseable {
        final String name;
        Door(String name) { this.name = name; log.append("open ").append(name).append(' '); }
        public void close() { log.append("close ").append(name).append(' '); }
    }
    static final StringBuilder log = new StringBuilder();

    static int dig(int depth) {
        try {
            if (depth == 0) throw new IllegalStateException("bottom");
            return dig(depth - 1) + 1;
        } catch (IllegalStateException e) {
            throw new Lost(depth, e);
        } finally {
            log.append(depth).append('.');
        }
    }

    static int finallyWins() {
        for (int i = 0;; i++) {
            try {
                if (i == 3) return i;
                if (i % 2 == 0) continue;
                throw new RuntimeException();
            } catch (RuntimeException e) {
                i++;
            } finally {
                log.append('f').append(i).append(' ');
            }
        }
    }

    static void exceptions() {
        try {
            dig(5);
        } catch (Lost e) {
            System.out.println(e.getMessage() + " because " + e.getCause().getMessage() + " " + log);
        }
        log.setLength(0);
        try (Door a = new Door("a"); Door b = new Door("b")) {
            Object o = a;
            System.out.println(((String) o).length());
        } catch (ClassCastException e) {
            System.out.println("cast: " + log);
        }
        log.setLength(0);
        System.out.println(finallyWins() + " " + log);
        int caught = 0;
        for (int i = 0; i < 1000; i++) {
            try {
                Integer.parseInt(i % 3 == 0 ? "x" + i : "" + i);
            } catch (NumberFormatException e) {
                caught++;
            }
        }
        System.out.println(caught);
        Runnable[] bad = {() -> Integer.parseInt("-"), () -> List.of(1).add(2), () -> new ArrayDeque<>().pop(), () -> Optional.empty().get()};
        for (Runnable r : bad) {
            try {
                r.run();
            } catch (RuntimeException e) {
                System.out.print(e.getClass().getName() + " ");
            }
        }
        System.out.println();
    }

    // ---- collections and streams ----

    static void collections() {
        Dice random = new Dice(42);
        Map<String, List<Integer>> groups = new TreeMap<>();
        Set<Integer> seen = new LinkedHashSet<>();
        for (int i = 0; i < 5000; i++) {
            int x = random.nextInt(1000);
            seen.add(x);
            groups.computeIfAbsent("g" + x % 7, k -> new ArrayList<>()).add(x);
        }
        groups.forEach((k, v) -> System.out.print(k + ":" + v.size() + " "));
        System.out.println(seen.size() + " " + seen.iterator().next());
        System.out.println(groups.values().stream().flatMap(List::stream).filter(x -> x % 2 == 1).mapToLong(x -> x).sum());
        System.out.println(IntStream.rangeClosed(1, 20).mapToObj(i -> i % 15 == 0 ? "fb" : i % 5 == 0 ? "b" : i % 3 == 0 ? "f" : "" + i)
                .collect(Collectors.joining(",")));
        List<String> words = Arrays.asList("loom", "weft", "warp", "heddle", "reed", "shed", "pick", "beam");
        List<String> sorted = new ArrayList<>(words);
        sorted.sort(Comparator.comparing(String::length).reversed().thenComparing(Comparator.naturalOrder()));
        System.out.println(sorted);
        Map<Character, Integer> initials = new TreeMap<>();
        words.forEach(w -> initials.merge(w.charAt(0), 1, Integer::sum));
        System.out.println(initials);
        Deque<Integer> deque = new ArrayDeque<>();
        PriorityQueue<long[]> heap = new PriorityQueue<>((a, b) -> Long.compare(a[0], b[0]));
        for (int i = 0; i < 300; i++) {
            if (i % 3 == 0) deque.addFirst(i); else deque.addLast(i);
            if (i % 7 == 0) deque.pollFirst();
            heap.add(new long[] {(i * 7919L) % 1009, i});
        }
        long order = 0;
        while (!heap.isEmpty()) order = order * 31 + heap.poll()[1];
        System.out.println(deque.size() + " " + deque.peekFirst() + " " + deque.peekLast() + " " + order);
        BitSet sieve = new BitSet(10000);
        sieve.set(2, 10000);
        for (int i = 2; i * i < 10000; i++)
            if (sieve.get(i)) for (int k = i * i; k < 10000; k += i) sieve.clear(k);
        System.out.println(sieve.cardinality());
    }

    // ---- text ----

    static void text() {
        String poem = "The heddle lifts the warp; the weft goes through, and 42 threads, 1024 knots.";
        Matcher m = Pattern.compile("(\\w)(\\w*)").matcher(poem);
        StringBuilder swapped = new StringBuilder();
        while (m.find()) swapped.append(m.group(2)).append(m.group(1)).append(' ');
        System.out.println(swapped.toString().trim());
        System.out.println(poem.replaceAll("[0-9]+", "#").toUpperCase() + " " + poem.indexOf("weft") + " " + poem.hashCode());
        System.out.println(String.join("|", poem.split("[ ;,.]+")));
        String unicode = "gr\u00fc\u00dfe \u4e16\u754c \ud83e\uddf5";
        System.out.println(unicode.length() + " " + unicode.codePointCount(0, unicode.length()) + " " + unicode);
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < 2000; i++) b.insert(b.length() / 2, (char) ('a' + i % 26));
        System.out.println(b.toString().hashCode() + " " + b.reverse().substring(0, 30));
        int vowels = 0;
        for (char c : poem.toCharArray())
            switch (c) { case 'a', 'e', 'i', 'o', 'u': vowels++; break; default: }
        System.out.println(vowels);
    }

    // ---- numbers ----

    static void numbers() {
        BigInteger f = BigInteger.ONE;
        for (int i = 2; i <= 60; i++) f = f.multiply(BigInteger.valueOf(i));
        System.out.println(f + " " + f.mod(BigInteger.valueOf(1_000_000_007)) + " " + f.bitLength());
        System.out.println(BigInteger.TWO.modPow(new BigInteger("123456789123456789"), new BigInteger("1000000000000000003")));
        long h = 0xcbf29ce484222325L;
        for (int i = 0; i < 1000; i++) { h ^= i; h *= 0x100000001b3L; h = Long.rotateLeft(h, 7) ^ (h >>> 13); }
        System.out.println(Long.toHexString(h) + " " + Long.bitCount(h) + " " + (int) h / 7 + " " + h % 1013);
        System.out.println((int) 1e20 + " " + (long) -1e30 + " " + (int) Double.NaN + " " + (byte) 200 + " " + (char) 66 + " " + (short) 70000);
        System.out.println(0.1 + 0.2 + " " + 1.0 / 3 + " " + 1e300 * 1e10 + " " + 100.0f / 7 + " " + Double.MIN_VALUE);
        System.out.println(Integer.MIN_VALUE / -1 + " " + Math.floorMod(-7, 3) + " " + -7 % 3 + " " + (-7 >> 1) + " " + (-7 >>> 28));
    }

    // ---- shortest paths ----

    record Edge(int to, int cost) { }

    static void paths() {
        int n = 400;
        List<List<Edge>> graph = new ArrayList<>();
        Dice random = new Dice(7);
        for (int i = 0; i < n; i++) {
            List<Edge> out = new LinkedList<>();
            for (int k = 0; k < 6; k++) out.add(new Edge(random.nextInt(n), 1 + random.nextInt(50)));
            graph.add(out);
        }
        Map<Integer, Integer> best = new HashMap<>();
        TreeSet<int[]> open = new TreeSet<>((a, b) -> a[0] != b[0] ? Integer.compare(a[0], b[0]) : Integer.compare(a[1], b[1]));
        open.add(new int[] {0, 0});
        while (!open.isEmpty()) {
            int[] at = open.pollFirst();
            if (best.putIfAbsent(at[1], at[0]) != null) continue;
            for (Edge e : graph.get(at[1])) open.add(new int[] {at[0] + e.cost(), e.to()});
        }
        System.out.println(best.size() + " " + best.values().stream().mapToInt(Integer::intValue).sum() + " " + best.get(n - 1));
    }

    // ---- garbage ----

    static class Node {
        Node left, right;
        int key;
        Node(int key) { this.key = key; }
        static Node insert(Node at, int key) {
            if (at == null) return new Node(key);
            if (key < at.key) at.left = insert(at.left, key);
            else if (key > at.key) at.right = insert(at.right, key);
            return at;
        }
        int sum() { return key + (left == null ? 0 : left.sum()) + (right == null ? 0 : right.sum()); }
        static Node full(int depth) {
            Node n = new Node(depth);
            if (depth > 0) { n.left = full(depth - 1); n.right = full(depth - 1); }
            return n;
        }
    }

    static void trees() {
        Node kept = Node.full(14), root = null;
        Dice random = new Dice(1);
        int total = 0;
        for (int i = 0; i < 60; i++) {
            Node t = Node.full(12);
            total += t.sum();
            for (int k = 0; k < 100; k++) root = Node.insert(root, random.nextInt(100000));
        }
        System.out.println(kept.sum() + " " + total + " " + root.sum());
    }

    static void life() {
        boolean[][] grid = new boolean[24][24];
        int[][] start = {{1, 2}, {2, 3}, {3, 1}, {3, 2}, {3, 3}, {12, 12}, {12, 13}, {12, 14}};
        for (int[] p : start) grid[p[0]][p[1]] = true;
        for (int step = 0; step < 30; step++) {
            boolean[][] next = new boolean[24][];
            for (int y = 0; y < 24; y++) {
                next[y] = new boolean[24];
                for (int x = 0; x < 24; x++) {
                    int near = 0;
                    for (int dy = -1; dy <= 1; dy++)
                        for (int dx = -1; dx <= 1; dx++)
                            if ((dx != 0 || dy != 0) && grid[(y + dy + 24) % 24][(x + dx + 24) % 24]) near++;
                    next[y][x] = near == 3 || (near == 2 && grid[y][x]);
                }
            }
            grid = next;
        }
        for (boolean[] row : grid) {
            StringBuilder line = new StringBuilder();
            for (boolean cell : row) line.append(cell ? '#' : '.');
            if (line.indexOf("#") >= 0) System.out.println(line);
        }
    }
}
