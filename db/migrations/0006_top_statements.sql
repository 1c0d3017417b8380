CREATE TABLE "statement_keys" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "statement_keys_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"instance_id" uuid NOT NULL,
	"query_id" bigint NOT NULL,
	"database" text NOT NULL,
	"user_name" text NOT NULL,
	"text" text NOT NULL,
	"seen_on" date NOT NULL,
	CONSTRAINT "statement_keys_statement_key" UNIQUE("instance_id","query_id","database","user_name")
);
--> statement-breakpoint
CREATE TABLE "statement_looks" (
	"instance_id" uuid PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"libraries" text,
	"seen_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "statement_samples" (
	"instance_id" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"reset_at" text,
	"keys" integer[] NOT NULL,
	"figures" double precision[] NOT NULL,
	CONSTRAINT "statement_samples_instance_id_at_pk" PRIMARY KEY("instance_id","at")
);
--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "keeps_statements" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "statement_keys" ADD CONSTRAINT "statement_keys_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "statement_looks" ADD CONSTRAINT "statement_looks_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "statement_samples" ADD CONSTRAINT "statement_samples_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "statement_keys_seen_idx" ON "statement_keys" USING btree ("seen_on");--> statement-breakpoint
CREATE INDEX "statement_samples_at_idx" ON "statement_samples" USING btree ("at");