PRAGMA page_size = 1024;
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT UNIQUE, price REAL);
CREATE TABLE sale(item INTEGER REFERENCES item, day INTEGER, amount INTEGER);
CREATE INDEX sale_day ON sale(day);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
  INSERT INTO item SELECT i, printf('item-%04d', i * 7919 % 10007), (i * 37 % 1000) / 8.0 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
  INSERT INTO sale SELECT 1 + i * 7919 % 500, i % 365, 1 + i * i % 13 FROM n;
COMMIT;
SELECT count(*), sum(amount), round(avg(amount), 6), total(amount) FROM sale;
SELECT name, sum(amount * price) AS revenue FROM sale JOIN item ON item.id = sale.item
  GROUP BY item.id HAVING revenue > 20000 ORDER BY revenue DESC, name LIMIT 8;
SELECT day / 30 AS month, count(*), max(amount), group_concat(DISTINCT amount) FROM sale WHERE day < 120 GROUP BY month;
SELECT name, price, rank() OVER (ORDER BY price DESC, name), lag(price, 1, -1) OVER (ORDER BY name) FROM item
  WHERE name LIKE '%99%' ORDER BY name LIMIT 6;
SELECT json_extract('{"a":[1,2.5,{"b":"c"}]}', '$.a[2].b'), json_array_length('[1,2,3]'), upper(hex('heddle'));
SELECT date(2459215.5 + 45), strftime('%Y-%m-%d %H:%M:%f', 2459215.75), julianday('2020-02-29');
UPDATE sale SET amount = amount + 1 WHERE day BETWEEN 10 AND 20;
DELETE FROM sale WHERE item IN (SELECT id FROM item WHERE price < 10);
SELECT count(*), sum(amount) FROM sale;
BEGIN; DELETE FROM item; ROLLBACK;
SELECT count(*) FROM item;
VACUUM;
PRAGMA integrity_check;
INSERT INTO item VALUES (1, 'twice', 0);
