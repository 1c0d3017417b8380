CREATE TABLE "acknowledgements" (
	"kind" text NOT NULL,
	"item_key" text NOT NULL,
	"environment_id" uuid,
	"note" text NOT NULL,
	"person_id" uuid,
	"actor_name" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"until" timestamp with time zone NOT NULL,
	CONSTRAINT "acknowledgements_key" UNIQUE NULLS NOT DISTINCT("kind","item_key","environment_id")
);
