-- A bookshop of 24 books, 2,000 customers and 60,000 orders over three years, all by arithmetic: the same each time.
BEGIN;

CREATE TABLE books (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, author TEXT NOT NULL, year INTEGER NOT NULL, cents INTEGER NOT NULL
);
INSERT INTO books (title, author, year, cents) VALUES
    ('Pride and Prejudice', 'Jane Austen', 1813, 899), ('Emma', 'Jane Austen', 1815, 949),
    ('Frankenstein', 'Mary Shelley', 1818, 799), ('Moby-Dick', 'Herman Melville', 1851, 1299),
    ('Walden', 'Henry David Thoreau', 1854, 999), ('Madame Bovary', 'Gustave Flaubert', 1856, 1099),
    ('Great Expectations', 'Charles Dickens', 1861, 1149), ('Les Misérables', 'Victor Hugo', 1862, 1899),
    ('Alice in Wonderland', 'Lewis Carroll', 1865, 699), ('War and Peace', 'Leo Tolstoy', 1869, 2199),
    ('Middlemarch', 'George Eliot', 1871, 1399), ('Anna Karenina', 'Leo Tolstoy', 1878, 1799),
    ('The Brothers Karamazov', 'Fyodor Dostoevsky', 1880, 1699), ('Treasure Island', 'R. L. Stevenson', 1883, 749),
    ('Huckleberry Finn', 'Mark Twain', 1884, 849), ('The Time Machine', 'H. G. Wells', 1895, 649),
    ('Dracula', 'Bram Stoker', 1897, 899), ('Lord Jim', 'Joseph Conrad', 1900, 949),
    ('Kim', 'Rudyard Kipling', 1901, 799), ('The Cherry Orchard', 'Anton Chekhov', 1904, 599),
    ('A Room with a View', 'E. M. Forster', 1908, 899), ('Ethan Frome', 'Edith Wharton', 1911, 699),
    ('Dubliners', 'James Joyce', 1914, 849), ('My Ántonia', 'Willa Cather', 1918, 899);

CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL);
WITH RECURSIVE
    n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 1999),
    first(i, name) AS (VALUES (0, 'Ada'), (1, 'Blaise'), (2, 'Clara'), (3, 'Dmitri'), (4, 'Emmy'), (5, 'Felix'), (6, 'Greta'), (7, 'Hugo'), (8, 'Ida'), (9, 'Jonas')),
    last(i, name) AS (VALUES (0, 'Abel'), (1, 'Brandt'), (2, 'Castro'), (3, 'Duval'), (4, 'Eriksen'), (5, 'Fischer'), (6, 'Garcia'), (7, 'Holm'), (8, 'Ito'), (9, 'Jensen')),
    town(i, name) AS (VALUES (0, 'Lisbon'), (1, 'Oslo'), (2, 'Vienna'), (3, 'Dublin'), (4, 'Kyoto'), (5, 'Quito'), (6, 'Turin'))
INSERT INTO customers (id, name, city)
SELECT n.i + 1, first.name || ' ' || last.name || ' ' || (n.i / 100 + 1), town.name
FROM n CROSS JOIN first ON first.i = n.i % 10 CROSS JOIN last ON last.i = n.i / 10 % 10 CROSS JOIN town ON town.i = n.i * n.i % 7;

CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers, book_id INTEGER NOT NULL REFERENCES books,
    copies INTEGER NOT NULL, day TEXT NOT NULL
);
WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 59999)
INSERT INTO orders (id, customer_id, book_id, copies, day)
SELECT i + 1, i * 7919 % 2000 + 1, (i * 31 + i / 97) % 24 + 1, i * i % 3 + 1, date('2021-01-01', '+' || (i * 1095 / 60000) || ' days')
FROM n;

CREATE INDEX orders_book ON orders (book_id, day);
COMMIT;
