// Numbers through the C++ library: random engines, valarray, complex, big integers, virtual calls, templates, algorithms.
//
// In: SEED COUNT [FILE].  Out: sums on stdout; FILE, when named, gets the binary samples and is read back.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <complex>
#include <deque>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <locale>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <unordered_set>
#include <valarray>
#include <vector>

namespace {
class Big { // base 10^9, least first
  std::vector<unsigned> d{0};
public:
  Big(unsigned long long n = 0) { for (d.clear(); n || d.empty(); n /= 1000000000) d.push_back(n % 1000000000); }
  friend Big operator+(const Big &a, const Big &b) {
    Big r;
    r.d.assign(std::max(a.d.size(), b.d.size()) + 1, 0);
    for (std::size_t i = 0, carry = 0; i < r.d.size(); i++) {
      carry += (i < a.d.size() ? a.d[i] : 0) + (i < b.d.size() ? b.d[i] : 0);
      r.d[i] = carry % 1000000000, carry /= 1000000000;
    }
    return r.trim();
  }
  friend Big operator*(const Big &a, const Big &b) {
    Big r;
    r.d.assign(a.d.size() + b.d.size(), 0);
    for (std::size_t i = 0; i < a.d.size(); i++) {
      unsigned long long carry = 0;
      for (std::size_t k = 0; k < b.d.size() || carry; k++) {
        carry += r.d[i + k] + (k < b.d.size() ? 1ull * a.d[i] * b.d[k] : 0);
        r.d[i + k] = carry % 1000000000, carry /= 1000000000;
      }
    }
    return r.trim();
  }
  Big &trim() { while (d.size() > 1 && !d.back()) d.pop_back(); return *this; }
  friend std::ostream &operator<<(std::ostream &o, const Big &b) {
    o << b.d.back();
    for (std::size_t i = b.d.size() - 1; i-- > 0;) o << std::setw(9) << std::setfill('0') << b.d[i];
    return o << std::setfill(' ');
  }
};

struct Shape { virtual ~Shape() = default; virtual double area() const = 0; virtual const char *name() const = 0; };
struct Circle : Shape { double r; Circle(double x) : r(x) {} double area() const override { return std::acos(-1.0) * r * r; } const char *name() const override { return "circle"; } };
struct Box : virtual Shape { double w, h; Box(double a, double b) : w(a), h(b) {} double area() const override { return w * h; } const char *name() const override { return "box"; } };
struct Square final : Box { Square(double a) : Box(a, a) {} const char *name() const override { return "square"; } };

template <std::size_t N> void fft(std::array<std::complex<double>, N> &a) {
  for (std::size_t i = 1, j = 0; i < N; i++) {
    std::size_t bit = N >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    if (i < (j ^= bit)) std::swap(a[i], a[j]);
  }
  for (std::size_t len = 2; len <= N; len <<= 1) {
    auto step = std::polar(1.0, -2 * std::acos(-1.0) / static_cast<double>(len));
    for (std::size_t i = 0; i < N; i += len) {
      std::complex<double> w = 1;
      for (std::size_t k = 0; k < len / 2; k++, w *= step) {
        auto u = a[i + k], v = a[i + k + len / 2] * w;
        a[i + k] = u + v, a[i + k + len / 2] = u - v;
      }
    }
  }
}
} // namespace

int main(int argc, char **argv) {
  if (argc < 3) return std::cerr << "usage: numbers SEED COUNT [FILE]\n", 2;
  const unsigned count = std::stoul(argv[2]);
  std::mt19937 r32(std::stoul(argv[1]));
  std::mt19937_64 r64(r32());
  std::minstd_rand small(r32() | 1);
  std::cout << r32() << ' ' << r64() << ' ' << small() << '\n';

  std::valarray<double> v(count);
  for (auto &x : v) x = static_cast<double>(r32() >> 5) / (1 << 27);
  std::valarray<double> w = std::sqrt(v) * 3.0 + std::pow(v, 2.0) - v.cshift(3);
  std::cout << std::setprecision(10) << w.sum() << ' ' << w.min() << ' ' << w.max() << ' ' << std::valarray<double>(w[std::slice(0, count / 7, 7)]).sum() << '\n';

  std::array<std::complex<double>, 1024> signal;
  for (unsigned i = 0; i < signal.size(); i++) signal[i] = {std::sin(0.1 * i) + 0.5 * std::cos(0.3 * i), 0};
  fft(signal);
  auto peak = std::max_element(signal.begin(), signal.begin() + 512, [](auto a, auto b) { return std::norm(a) < std::norm(b); });
  std::cout << peak - signal.begin() << ' ' << std::setprecision(6) << std::abs(*peak) << ' ' << std::arg(*peak) << '\n';

  Big f = 1, a = 0, b = 1;
  for (unsigned i = 2; i <= 120; i++) f = f * Big(i);
  for (unsigned i = 0; i < 500; i++) { Big c = a + b; a = b, b = c; }
  std::cout << f << '\n' << a << '\n';

  std::vector<std::unique_ptr<Shape>> shapes;
  for (unsigned i = 0; i < 3000; i++) {
    double x = small() % 1000 / 8.0;
    if (i % 3 == 0) shapes.push_back(std::make_unique<Circle>(x));
    else if (i % 3 == 1) shapes.push_back(std::make_unique<Box>(x, x / 2));
    else shapes.push_back(std::make_unique<Square>(x));
  }
  std::sort(shapes.begin(), shapes.end(), [](auto &p, auto &q) { return p->area() < q->area(); });
  double sum = 0;
  int boxes = 0;
  for (auto &s : shapes) sum += s->area(), boxes += dynamic_cast<Box *>(s.get()) != nullptr;
  std::cout << shapes[2000]->name() << ' ' << std::fixed << std::setprecision(3) << sum << ' ' << boxes << '\n';

  std::deque<unsigned long long> queue;
  std::unordered_set<unsigned long long> seen;
  for (queue.push_back(1); !queue.empty() && seen.size() < count;) {
    auto n = queue.front();
    queue.pop_front();
    if (!seen.insert(n).second) continue;
    queue.push_back(n * 3 % 1000003), queue.push_back((n ^ n << 7) % 999983);
  }
  std::cout << seen.size() << ' ' << std::accumulate(seen.begin(), seen.end(), 0ull) << '\n';
  std::vector<unsigned> p(9);
  std::iota(p.begin(), p.end(), 0u);
  unsigned long long hash = 0, perms = 0;
  do hash = (hash * 31 + p[4] * 10 + p[0]) % 1000000007, ++perms; while (std::next_permutation(p.begin(), p.end()));
  std::cout << perms << ' ' << hash << ' ' << std::gcd(123456u, 7890u) << ' ' << std::chrono::duration_cast<std::chrono::minutes>(std::chrono::hours(7)).count() << '\n';

  if (argc > 3) {
    { std::ofstream out(argv[3], std::ios::binary); out.write(reinterpret_cast<const char *>(&w[0]), static_cast<std::streamsize>(count * sizeof(double))); }
    std::ifstream in(argv[3], std::ios::binary | std::ios::ate);
    auto size = in.tellg();
    std::vector<double> back(count);
    in.seekg(0), in.read(reinterpret_cast<char *>(back.data()), size);
    std::cout << size << ' ' << std::equal(back.begin(), back.end(), std::begin(w)) << '\n';
  }
  return static_cast<int>(seen.size() % 50);
}
