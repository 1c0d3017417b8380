-- Each look and each report rewrites the instance's row, and those of neighbours come together: with room on the page for a second version of every row
-- they stay there and touch none of the table's indexes. With a fifth of the page free, half of them did not.
ALTER TABLE "instances" SET (fillfactor = 50);
