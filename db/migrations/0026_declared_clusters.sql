CREATE TABLE "authorities" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"stack_id" uuid NOT NULL,
	"environment_id" uuid NOT NULL,
	"title" text NOT NULL,
	"kind" text NOT NULL,
	"server" text DEFAULT '' NOT NULL,
	"certificate" text NOT NULL,
	"fingerprint" text NOT NULL,
	"valid_from" timestamp with time zone NOT NULL,
	"valid_until" timestamp with time zone NOT NULL,
	"sealed_key" text NOT NULL,
	CONSTRAINT "authorities_kind_check" CHECK ("authorities"."kind" in ('authority', 'server'))
);
--> statement-breakpoint
CREATE TABLE "stack_secrets" (
	"stack_id" uuid NOT NULL,
	"name" text NOT NULL,
	"sealed" text NOT NULL,
	CONSTRAINT "stack_secrets_stack_id_name_pk" PRIMARY KEY("stack_id","name")
);
--> statement-breakpoint
CREATE TABLE "stacks" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"name" text NOT NULL,
	"file" text NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"built_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "stacks_id_environment_key" UNIQUE("id","environment_id")
);
--> statement-breakpoint
ALTER TABLE "authorities" ADD CONSTRAINT "authorities_stack_fk" FOREIGN KEY ("stack_id","environment_id") REFERENCES "public"."stacks"("id","environment_id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "stack_secrets" ADD CONSTRAINT "stack_secrets_stack_id_stacks_id_fk" FOREIGN KEY ("stack_id") REFERENCES "public"."stacks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stacks" ADD CONSTRAINT "stacks_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "authorities_server_key" ON "authorities" USING btree ("stack_id","server");--> statement-breakpoint
CREATE INDEX "authorities_title_idx" ON "authorities" USING btree ("title","id");--> statement-breakpoint
CREATE INDEX "authorities_environment_idx" ON "authorities" USING btree ("environment_id","title");--> statement-breakpoint
CREATE INDEX "authorities_until_idx" ON "authorities" USING btree ("valid_until");--> statement-breakpoint
CREATE INDEX "authorities_title_trgm" ON "authorities" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "stacks_name_key" ON "stacks" USING btree ("environment_id",lower("name"));--> statement-breakpoint
CREATE INDEX "stacks_name_idx" ON "stacks" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "stacks_environment_idx" ON "stacks" USING btree ("environment_id","name");--> statement-breakpoint
CREATE INDEX "stacks_name_trgm" ON "stacks" USING gin ("name" gin_trgm_ops);