// flags: -Os -fno-exceptions -fno-rtti
#include <algorithm>
#include <vector>
struct shape { virtual int area() const = 0; virtual ~shape() = default; };
struct square : shape { int side; explicit square(int s) : side(s) {} int area() const override { return side * side; } };
struct strip : shape { int width; explicit strip(int w) : width(w) {} int area() const override { return width * 3; } };
int main(int argc, char **) {
  std::vector<shape *> shapes;
  for (int i = 0; i < argc * 9; i++) {
    if (i & 1) shapes.push_back(new square(i));
    else shapes.push_back(new strip(i));
  }
  std::sort(shapes.begin(), shapes.end(), [](shape *a, shape *b) { return a->area() < b->area(); });
  int sum = 0;
  for (shape *s : shapes) { sum += s->area(); delete s; }
  return sum & 127;
}
